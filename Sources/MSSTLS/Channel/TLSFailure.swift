import COpenSSLShim
public import MSSCore

/// Why a TLS connection was refused or broken.
public struct TLSFailure: ExplainedFailure, Hashable {
    /// The causes, told apart.
    public enum Kind: Sendable, Hashable {
        /// The peer's certificate was refused, or it sent none although one is required.
        case verification(CertificateFailure)
        /// The peer speaks no version that the policy allows.
        case noCommonVersion
        /// The peer has no cipher suite that the policy allows.
        case noCommonSuite
        /// The peer has no group or signature algorithm that the policy allows.
        case noCommonParameters
        /// The peer's Diffie-Hellman group or key is too short.
        case weakKeyExchange
        /// The peer refused us, with this alert.
        case peerAlert(TLSAlert)
        /// The peer's first bytes are not TLS.
        case notTLS
        /// The connection ended before the handshake did.
        case closedDuringHandshake
        /// The handshake, verification included, took longer than allowed.
        case handshakeTimeout
        /// The connection ended without close_notify: what was received may be cut short (RFC 8446 §6.1).
        case truncated
        /// Bytes had been received in clear, after the command that starts TLS and before TLS (RFC 3207 §4.2).
        case clearBytesBeforeTLS(count: Int)
        /// More was written before the end of the handshake than ``TLSLimits/maximumPendingBytes``.
        case tooMuchWrittenBeforeHandshake
        /// The peer broke the protocol, or its bytes were altered on the way.
        case protocolViolation
        /// OpenSSL could not create the connection (memory).
        case resources
    }

    /// The cause.
    public let kind: Kind
    /// The requirement that the refusal enforces.
    public let requirement: RequirementID?
    /// Technical detail for a log, in English; no personal data. Not part of equality.
    public let detail: String

    /// A failure from its cause.
    public init(_ kind: Kind, requirement: RequirementID? = nil, detail: String = "") {
        self.kind = kind
        if case .verification(let failure) = kind {
            self.requirement = requirement ?? failure.requirement
        } else {
            self.requirement = requirement
        }
        self.detail = detail
    }

    /// The cause, with the detail.
    public var description: String {
        let cause: String =
            switch kind {
            case .verification(let failure): "certificate refused: \(failure)"
            case .noCommonVersion: "no common TLS version"
            case .noCommonSuite: "no common cipher suite"
            case .noCommonParameters: "no common group or signature algorithm"
            case .weakKeyExchange: "Diffie-Hellman group or key too short"
            case .peerAlert(let alert): "alert from the peer: \(alert)"
            case .notTLS: "not TLS"
            case .closedDuringHandshake: "connection closed during the handshake"
            case .handshakeTimeout: "handshake timed out"
            case .truncated: "connection closed without close_notify"
            case .clearBytesBeforeTLS(let count): "\(count) bytes in clear before the TLS handshake"
            case .tooMuchWrittenBeforeHandshake: "too many bytes written before the end of the handshake"
            case .protocolViolation: "TLS protocol violation"
            case .resources: "no TLS connection could be created"
            }
        return detail.isEmpty ? cause : "\(cause) (\(detail))"
    }

    /// Same cause and requirement.
    public static func == (left: TLSFailure, right: TLSFailure) -> Bool {
        left.kind == right.kind && left.requirement == right.requirement
    }

    /// Hashes the cause and requirement.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        hasher.combine(requirement)
    }
}

extension TLSFailure {
    /// A failure as the shim reports it; `verification` is what the verifier answered in this connection.
    init(_ raw: mss_tls_failure, policy: TLSPolicy, verification: CertificateFailure?) {
        let detail = withUnsafeBytes(of: raw.text) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        switch raw.kind {
        case MSS_TLS_FAILURE_VERIFICATION:
            self.init(verification.map { .verification($0) } ?? .protocolViolation, detail: detail)
        case MSS_TLS_FAILURE_NO_CERTIFICATE: self.init(.verification(.noCertificate), detail: detail)
        case MSS_TLS_FAILURE_VERSION:
            self.init(.noCommonVersion, requirement: policy.versionRequirement, detail: detail)
        case MSS_TLS_FAILURE_SUITE: self.init(.noCommonSuite, requirement: policy.suiteRequirement, detail: detail)
        case MSS_TLS_FAILURE_PARAMETERS:
            self.init(.noCommonParameters, requirement: policy.suiteRequirement, detail: detail)
        case MSS_TLS_FAILURE_WEAK_KEY:
            self.init(.weakKeyExchange, requirement: policy.suiteRequirement, detail: detail)
        case MSS_TLS_FAILURE_ALERT:
            self.init(.peerAlert(TLSAlert(code: UInt8(truncatingIfNeeded: raw.alert))), detail: detail)
        case MSS_TLS_FAILURE_NOT_TLS: self.init(.notTLS, detail: detail)
        default: self.init(.protocolViolation, detail: detail)
        }
    }
}
