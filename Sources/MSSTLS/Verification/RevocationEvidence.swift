public import MSSCore

/// How non-revocation was established, certificate by certificate.
public struct RevocationEvidence: Sendable, Hashable {
    /// The evidence for each certificate that the policy covers, in the order of the path (the leaf first).
    public var items: [Item]

    /// Evidence from its items.
    public init(items: [Item] = []) { self.items = items }

    /// Nothing was checked: the policy asks for nothing, or the check has not taken place yet.
    public static let notChecked = RevocationEvidence()

    /// Whether some certificate was let through without an answer about it (soft-fail).
    public var isSoftFailed: Bool {
        items.contains { if case .softFailed = $0.source { true } else { false } }
    }

    /// The evidence for one certificate.
    public struct Item: Sendable, Hashable {
        /// SHA-256 of the certificate.
        public var certificate: Fingerprint
        /// What told its status.
        public var source: Source

        /// Evidence for one certificate.
        public init(certificate: Fingerprint, source: Source) {
            self.certificate = certificate
            self.source = source
        }
    }

    /// What told that a certificate is not revoked.
    public enum Source: Sendable, Hashable {
        /// A CRL of its issuer, with the delta that completes it, if one was current.
        case crl(number: CRLNumber?, delta: CRLNumber?, thisUpdate: Timestamp, nextUpdate: Timestamp)
        /// An OCSP response.
        case ocsp(OCSPOrigin, producedAt: Timestamp, thisUpdate: Timestamp, nextUpdate: Timestamp?)
        /// Nothing: the policy lets it through, and an alert told so.
        case softFailed(RevocationUnknownReason)
    }

    /// Where an OCSP response came from.
    public enum OCSPOrigin: String, Sendable, Hashable {
        /// The peer stapled it to the handshake.
        case stapled
        /// The responder was asked now.
        case responder
        /// The responder was asked before; its answer still holds.
        case cache
    }
}

/// The number of a CRL (RFC 5280 §5.2.3): up to 20 bytes, ordered.
public struct CRLNumber: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number, big-endian, without leading zero bytes.
    public let bytes: [UInt8]

    init(_ integer: some Sequence<UInt8>) { bytes = Array(integer.drop { $0 == 0 }) }

    /// A number that fits 64 bits.
    public init(_ number: UInt64) {
        self.init((0..<8).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
    }

    /// Orders numbers.
    public static func < (left: CRLNumber, right: CRLNumber) -> Bool {
        left.bytes.count != right.bytes.count
            ? left.bytes.count < right.bytes.count : left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    /// Hexadecimal, `0x…`.
    public var description: String { "0x" + (bytes.isEmpty ? "0" : hexadecimal(bytes)) }
}

/// Why the status of a certificate could not be told.
public enum RevocationUnknownReason: Error, Sendable, Hashable, CustomStringConvertible {
    /// No CRL of its issuer is held.
    case noCRL
    /// The CRL held is past its `nextUpdate`.
    case staleCRL(nextUpdate: Timestamp)
    /// The certificate names no responder and none is configured.
    case noResponder
    /// The responder gave no complete answer: connection, time-out, HTTP status.
    case responderUnreachable
    /// The responder's answer proves nothing; the error tells why.
    case badResponse(OCSPError)
    /// The responder does not know the certificate (RFC 6960 §2.2: `unknown`).
    case unknownToResponder
    /// The peer stapled nothing and the policy asks nobody else.
    case noStaple
    /// An online check would be needed, where none may be made.
    case onlineCheckNeeded

    /// For logs.
    public var description: String {
        switch self {
        case .noCRL: "no CRL"
        case .staleCRL: "stale CRL"
        case .noResponder: "no OCSP responder"
        case .responderUnreachable: "OCSP responder unreachable"
        case .badResponse(let error): "OCSP response refused: \(error)"
        case .unknownToResponder: "unknown to the OCSP responder"
        case .noStaple: "no stapled OCSP response"
        case .onlineCheckNeeded: "online check needed"
        }
    }
}

/// Why an OCSP response is not believed.
public enum OCSPError: String, Error, Sendable, Hashable, CustomStringConvertible {
    /// Longer than ``OCSPResponse/maximumBytes``.
    case tooLarge
    /// Not the DER of an OCSP response with a basic response inside.
    case malformed
    /// The responder answered with an error status: try later, unauthorized… (RFC 6960 §4.2.1).
    case responderError
    /// A critical extension that this library does not know.
    case unknownCriticalExtension
    /// No answer about the certificate asked for.
    case certificateNotCovered
    /// The signer is neither the issuer nor a responder that the issuer authorised (RFC 6960 §4.2.2.2).
    case untrustedSigner
    /// The signature does not verify, or its algorithm is too weak.
    case badSignature
    /// The nonce is not the one that was sent.
    case nonceMismatch
    /// `thisUpdate` is in the future.
    case notYetValid
    /// `nextUpdate` is past, or there is none and the answer is old.
    case stale

    /// For logs.
    public var description: String { rawValue }
}
