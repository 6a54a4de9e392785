import COpenSSLShim
import MSSCore
import NIOCore

/// One side of a TLS connection, without IO: ciphertext in, plaintext and ciphertext out. Wraps OpenSSL's SSL.
///
/// Used by one thread at a time. No method may be called from within the verifier.
final class TLSConnection {
    /// What a step led to.
    enum Progress: Equatable {
        /// The handshake is finished, or everything was encrypted.
        case done
        /// All input was consumed; the peer must send more.
        case needsInput
        /// The peer sent close_notify.
        case closed
        /// The connection is dead; the alert for the peer, if any, is in the output.
        case failed(TLSFailure)
    }

    /// What the verifier answered.
    enum Verification {
        case notAsked
        case accepted(VerifiedPeer)
        case pending(
            VerifiedPeer, check: @Sendable (_ stapledOCSP: [UInt8]?) async -> Result<VerifiedPeer, CertificateFailure>)
        case refused(CertificateFailure)
    }

    /// The context, kept alive for the configuration and the verifier.
    let context: TLSContext
    /// What the verifier answered; `pending` lets the handshake go on, the caller holds everything back.
    private(set) var verification = Verification.notAsked

    private let expectedHostname: String?
    // Set at the end of init, never again: an implicitly unwrapped `var` only because C needs `self` first.
    private var raw: OpaquePointer!

    /// - Parameters:
    ///   - serverName: client: name to ask for (SNI).
    ///   - expectedHostname: name that the verifier compares with the certificate; `nil` for no comparison.
    init(_ context: TLSContext, serverName: String?, expectedHostname: String?) throws(TLSFailure) {
        self.context = context
        self.expectedHostname = expectedHostname
        let owner = Unmanaged.passUnretained(self).toOpaque()
        guard let raw = mss_tls_new(context.raw, serverName, verifyLeaf, owner) else {
            throw TLSFailure(.resources)
        }
        self.raw = raw
    }

    deinit { mss_tls_free(raw) }

    /// Connections alive in the process: for leak tests.
    static var live: Int { mss_tls_live_connections() }

    // MARK: Steps

    /// Carries the handshake on with what came in.
    func handshake(_ input: inout ByteBuffer, output: inout ByteBuffer) -> Progress {
        progress(lend(&input, &output, reserve: 0) { mss_tls_handshake(raw, $0) })
    }

    /// A buffer of plain bytes that holds so many is not grown: what is left goes into another.
    private static let enough = 32 << 10

    /// Decrypts what came in; `done` when `plain` holds enough and there is more. `plain` may hold bytes whatever the
    /// progress: they came before it.
    func decrypt(_ input: inout ByteBuffer, plain: inout ByteBuffer, output: inout ByteBuffer) -> Progress {
        while true {
            var status = MSS_TLS_DONE
            // Plain bytes are never more than those of their records, but part of a record may be buffered inside.
            plain.writeWithUnsafeMutableBytes(minimumWritableBytes: 256) { target in
                var got = 0
                status = lend(&input, &output, reserve: 0) { io in
                    mss_tls_read(
                        raw, io, target.baseAddress!.assumingMemoryBound(to: UInt8.self), target.count, &got)
                }
                return got
            }
            guard status == MSS_TLS_DONE, plain.readableBytes < Self.enough else { return progress(status) }
            plain.reserveCapacity(minimumWritableBytes: 16 << 10)
        }
    }

    /// Encrypts all of `plain`.
    func encrypt(_ plain: ByteBufferView, output: inout ByteBuffer) -> Progress {
        guard !plain.isEmpty else { return .done }
        var none = ByteBuffer()
        // The largest overhead of a record is 85 bytes: header, IV, padding and MAC of AES-CBC with SHA-384.
        let reserve = plain.count + (plain.count / (16 << 10) + 1) * 96
        let status = plain.withUnsafeBytes { source in
            lend(&none, &output, reserve: reserve) {
                mss_tls_write(raw, $0, source.baseAddress!.assumingMemoryBound(to: UInt8.self), source.count)
            }
        }
        return progress(status)
    }

    /// Says that this side will write no more (RFC 8446 §6.1).
    func closeNotify(output: inout ByteBuffer) {
        var none = ByteBuffer()
        _ = lend(&none, &output, reserve: 0) { mss_tls_close_notify(raw, $0) }
    }

    // MARK: Facts

    /// What was negotiated; after the handshake only.
    func facts(peer: VerifiedPeer?) -> TLSSessionFacts? {
        var raw = mss_tls_facts()
        mss_tls_get_facts(self.raw, &raw)
        guard let version = TLSVersion(rawValue: raw.version), let suite = TLSCipherSuite(code: raw.suite) else {
            return nil
        }
        return TLSSessionFacts(
            version: version, suite: suite, group: raw.group.map { String(cString: $0) }, peer: peer,
            serverName: raw.server_name.map { String(cString: $0) }, isResumed: raw.resumed != 0)
    }

    /// Client: the OCSP response that the server stapled.
    var stapledOCSP: [UInt8]? {
        var facts = mss_tls_facts()
        mss_tls_get_facts(raw, &facts)
        return facts.staple.map { [UInt8](UnsafeBufferPointer(start: $0, count: facts.staple_len)) }
    }

    /// Certificates beside the peer's own that are still held: for tests.
    var otherCertificates: Int { Int(mss_tls_other_certificates(raw)) }

    // MARK: Verification

    /// Called by OpenSSL within `handshake`, through `verifyLeaf`.
    fileprivate func judge(_ certificateDER: [UInt8], _ openSSL: OpenSSLCertificate?) -> mss_tls_verdict {
        let configuration = context.configuration
        guard let verifier = configuration.verifier else { return MSS_TLS_REFUSE_UNKNOWN }
        let peer = PresentedPeer(
            certificateDER: certificateDER, openSSL: openSSL, purpose: configuration.isServer ? .client : .server,
            expectedHostname: expectedHostname)
        switch verifier.verify(peer, at: configuration.clock.now()) {
        case .accepted(let verified):
            verification = .accepted(verified)
            return MSS_TLS_ACCEPT
        case .pending(let verified, let check):
            verification = .pending(verified, check: check)
            return MSS_TLS_ACCEPT
        case .refused(let failure):
            verification = .refused(failure)
            return failure.verdict
        }
    }

    // MARK: Lending memory to C

    private func lend(
        _ input: inout ByteBuffer, _ output: inout ByteBuffer, reserve: Int,
        _ step: (UnsafeMutablePointer<mss_tls_io>) -> mss_tls_status
    ) -> mss_tls_status {
        var io = mss_tls_io()
        let available = input.readableBytes
        let status = input.withUnsafeReadableBytes { source in
            io.in = source.baseAddress?.assumingMemoryBound(to: UInt8.self)
            io.in_len = source.count
            guard reserve > 0 else { return step(&io) }
            var status = MSS_TLS_DONE
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: reserve) { target in
                io.out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                io.out_capacity = target.count
                status = step(&io)
                return io.out_len
            }
            return status
        }
        input.moveReaderIndex(forwardBy: available - io.in_len)
        let spilled = mss_tls_spilled(raw)
        if spilled > 0 {
            output.writeWithUnsafeMutableBytes(minimumWritableBytes: spilled) { target in
                mss_tls_take_spilled(raw, target.baseAddress!.assumingMemoryBound(to: UInt8.self))
                return spilled
            }
        }
        return status
    }

    private func progress(_ status: mss_tls_status) -> Progress {
        switch status {
        case MSS_TLS_DONE: return .done
        case MSS_TLS_WANT_INPUT: return .needsInput
        case MSS_TLS_CLOSED: return .closed
        default:
            var refusal: CertificateFailure?
            if case .refused(let failure) = verification { refusal = failure }
            return .failed(
                TLSFailure(
                    mss_tls_last_failure(raw).pointee, policy: context.configuration.policy, verification: refusal))
        }
    }
}

/// The C side of `TLSConnection.judge`: `owner` is the connection, alive because it is in the call to `handshake`.
private func verifyLeaf(
    owner: UnsafeMutableRawPointer, leaf: UnsafePointer<UInt8>, count: Int, certificate: OpaquePointer
) -> mss_tls_verdict {
    Unmanaged<TLSConnection>.fromOpaque(owner).takeUnretainedValue()
        .judge([UInt8](UnsafeBufferPointer(start: leaf, count: count)), OpenSSLCertificate(sharing: certificate))
}
