public import MSSCore
public import MSSTLS

/// Signs seals with the operator's key: a key file, or a module that holds the key.
public protocol TraceSealSigner: Sendable {
    /// The certificate of the key.
    var certificate: Certificate { get }
    /// Signs SHA-256 of the bytes, as `openssl dgst -sha256 -sign` does. May block.
    func sign(_ bytes: [UInt8]) throws -> [UInt8]
}

/// A signer whose key is in memory.
public struct KeySealSigner: TraceSealSigner {
    /// The certificate of the key.
    public let certificate: Certificate
    private let key: PrivateKey

    /// Takes a key and its certificate; fails when they do not belong together.
    public init(key: PrivateKey, certificate: Certificate) throws(TraceError) {
        guard key.matches(certificate) else { throw .signing }
        self.key = key
        self.certificate = certificate
    }

    /// Signs with RSASSA-PKCS1-v1_5 or ECDSA.
    public func sign(_ bytes: [UInt8]) throws -> [UInt8] {
        guard let signature = key.signSHA256(of: bytes) else { throw TraceError.signing }
        return signature
    }
}

/// What a segment held when it was closed; signed by the operator. A segment is closed at the end of the day (UTC) or
/// when it is full, so that every day has at least one seal.
public struct TraceSeal: Sendable, Hashable {
    /// The identity of the store, in hexadecimal.
    public let store: String
    /// The journal.
    public let family: TraceFamily
    /// The number of the segment in its journal.
    public let segment: UInt64
    /// The number of its first record.
    public let first: UInt64
    /// The number of its last record.
    public let last: UInt64
    /// The earliest time at which one of its records was written, in whole seconds.
    public let earliest: Timestamp
    /// The latest such time, in whole seconds, rounded up.
    public let latest: Timestamp
    /// Digest of the record before the first.
    public let previousHead: TraceDigest
    /// Digest of the last record.
    public let head: TraceDigest
    /// SHA-256 of all chain lines of the segment, one after the other.
    public let chain: TraceDigest
    /// SHA-256 of the text of the seal before; of the genesis text for the first.
    public let previousSeal: TraceDigest
    /// When the seal was made, in whole seconds.
    public let sealed: Timestamp
    /// SHA-256 of the DER of the signer's certificate.
    public let certificate: TraceDigest

    private static let title = "mss-trace-seal-1"

    /// The text that is signed.
    public var text: String {
        """
        \(TraceSeal.title)
        store: \(store)
        family: \(family.rawValue)
        segment: \(segment)
        first: \(first)
        last: \(last)
        earliest: \(earliest.seconds)
        latest: \(latest.seconds)
        previous-head: \(previousHead)
        head: \(head)
        chain: \(chain)
        previous-seal: \(previousSeal)
        sealed: \(sealed.seconds)
        certificate: \(certificate)

        """
    }

    /// SHA-256 of the text: what the next seal carries.
    var digest: TraceDigest { TraceDigest(of: Array(text.utf8)) }

    init(
        store: String, family: TraceFamily, segment: UInt64, first: UInt64, last: UInt64, earliest: Timestamp,
        latest: Timestamp, previousHead: TraceDigest, head: TraceDigest, chain: TraceDigest,
        previousSeal: TraceDigest, sealed: Timestamp, certificate: TraceDigest
    ) {
        self.store = store
        self.family = family
        self.segment = segment
        self.first = first
        self.last = last
        self.earliest = Timestamp(seconds: earliest.seconds)
        self.latest = Timestamp(seconds: latest.seconds)
        self.previousHead = previousHead
        self.head = head
        self.chain = chain
        self.previousSeal = previousSeal
        self.sealed = Timestamp(seconds: sealed.seconds)
        self.certificate = certificate
    }

    /// Reads a seal; `nil` unless the text is, to the byte, what ``text`` writes.
    public init?(text: String) {
        var fields = SignedFields(text, title: TraceSeal.title)
        guard let store = fields.next("store"), let family = fields.next("family").flatMap(TraceFamily.init),
            let segment = fields.number("segment"), let first = fields.number("first"),
            let last = fields.number("last"), let earliest = fields.time("earliest"),
            let latest = fields.time("latest"), let previousHead = fields.digest("previous-head"),
            let head = fields.digest("head"), let chain = fields.digest("chain"),
            let previousSeal = fields.digest("previous-seal"), let sealed = fields.time("sealed"),
            let certificate = fields.digest("certificate"), segment > 0, first > 0, first <= last
        else { return nil }
        self.init(
            store: store, family: family, segment: segment, first: first, last: last, earliest: earliest,
            latest: latest, previousHead: previousHead, head: head, chain: chain, previousSeal: previousSeal,
            sealed: sealed, certificate: certificate)
        guard self.text == text else { return nil }
    }

    static func genesis(store: String, family: TraceFamily) -> TraceDigest {
        TraceDigest(of: Array("mss-trace-seals-1 \(store) \(family.rawValue)\n".utf8))
    }
}

/// The lines `name: value` of a signed text, in order.
struct SignedFields {
    private var lines: ArraySlice<Substring>

    init(_ text: String, title: String) {
        let all = text.split(separator: "\n", omittingEmptySubsequences: false)
        lines = all.first.map(String.init) == title ? all.dropFirst() : []
    }

    mutating func next(_ name: String) -> String? {
        guard let line = lines.popFirst(), line.hasPrefix(name + ": ") else { return nil }
        return String(line.dropFirst(name.count + 2))
    }

    mutating func number(_ name: String) -> UInt64? { next(name).flatMap { UInt64($0) } }
    mutating func time(_ name: String) -> Timestamp? {
        next(name).flatMap { Int64($0) }.map { Timestamp(seconds: $0) }
    }
    mutating func digest(_ name: String) -> TraceDigest? { next(name).flatMap { TraceDigest(hex: $0) } }
}

extension StoreLayout {
    /// The seal of a segment; `nil` when there is none.
    func readSeal(_ family: TraceFamily, _ number: UInt64) throws(TraceError) -> TraceSeal? {
        let path = path(family, number, "seal")
        guard Folder.exists(path) else { return nil }
        let text = String(decoding: try File(path, .read).readAll(), as: UTF8.self)
        guard let seal = TraceSeal(text: text), seal.family == family, seal.segment == number else {
            throw .seal(family, segment: number, path: path)
        }
        return seal
    }

    /// Signs and writes a text beside a segment. The signature comes first: a text without one is never seen.
    func writeSigned(
        _ text: String, _ family: TraceFamily, _ number: UInt64, kind: String, signatureKind: String,
        signer: any TraceSealSigner
    ) throws(TraceError) {
        let bytes = Array(text.utf8)
        let signature: [UInt8]
        do { signature = try signer.sign(bytes) } catch { throw .signing }
        guard signer.certificate.verifiesSHA256(signature, of: bytes) else { throw .signing }
        try keepCertificate(signer.certificate)
        try Folder.write(signature, to: path(family, number, signatureKind))
        try Folder.write(bytes, to: path(family, number, kind))
    }

    var certificates: String { root + "/certificates" }

    /// Keeps the certificates of all signers, for exports ten years on.
    private func keepCertificate(_ certificate: Certificate) throws(TraceError) {
        let path = "\(certificates)/\(TraceDigest(of: certificate.der)).der"
        guard !Folder.exists(path) else { return }
        try Folder.make(certificates)
        try Folder.write(certificate.der, to: path)
    }
}
