public import MSSCore

/// Keeps the last verified lists across restarts (EX_2.2_5035).
///
/// A store proves nothing: what it gives back is verified again before use (RE_2.2_5010).
public protocol WhitelistStore: Sendable {
    /// The copies kept, the latest first.
    func copies() async throws(WhitelistStorageError) -> [any StoredWhitelist]

    /// Keeps a copy: complete and on disk when this returns, or not at all.
    func save(_ document: [UInt8], _ record: WhitelistRecord) async throws(WhitelistStorageError)

    /// Notes that the copy with this digest was confirmed by the source again.
    func update(_ record: WhitelistRecord) async throws(WhitelistStorageError)
}

/// One copy in a store, not read yet.
public protocol StoredWhitelist: Sendable {
    /// Reads the document and, when it is there and readable, its record.
    func load() async throws(WhitelistStorageError) -> (document: [UInt8], record: WhitelistRecord?)
    /// Names the copy, for logs.
    var label: String { get }
}

/// What was established when a list was verified; kept beside the document.
public struct WhitelistRecord: Sendable, Hashable {
    /// SHA-256 of the document, lower-case hexadecimal.
    public var digest: String
    /// `DateDeGeneration`.
    public var generated: Timestamp
    /// When the signature was verified after the download.
    public var verifiedAt: Timestamp
    /// When the source last gave this list, or confirmed it.
    public var confirmedAt: Timestamp
    /// The signer's name, RFC 4514.
    public var signer: String
    /// SHA-256 of the signer's certificate, lower-case hexadecimal.
    public var signerFingerprint: String
    /// How many domains the list has.
    public var domainCount: Int
    /// Where the list came from, and what names its version there.
    public var validators: WhitelistValidators?

    /// A record from its fields.
    public init(
        digest: String, generated: Timestamp, verifiedAt: Timestamp, confirmedAt: Timestamp, signer: String,
        signerFingerprint: String, domainCount: Int, validators: WhitelistValidators?
    ) {
        self.digest = digest
        self.generated = generated
        self.verifiedAt = verifiedAt
        self.confirmedAt = confirmedAt
        self.signer = signer
        self.signerFingerprint = signerFingerprint
        self.domainCount = domainCount
        self.validators = validators
    }
}

/// Why a store failed.
public struct WhitelistStorageError: Error, Sendable, Hashable {
    /// What was being done.
    public enum Step: String, Sendable, Hashable {
        /// The steps of reading and publishing.
        case createDirectory = "create directory"
        /// Listing the copies.
        case list = "list"
        /// Reading a copy.
        case read = "read"
        /// Writing the temporary file.
        case write = "write"
        /// Bringing it to disk.
        case synchronise = "synchronise"
        /// Giving it its name.
        case rename = "rename"
        /// A file is longer than any list.
        case tooLarge = "too large"
    }

    /// What was being done.
    public let step: Step
    /// The file or folder.
    public let path: String
    /// The system's error number; 0 when it is not the system's.
    public let code: Int32

    /// An error of a store.
    public init(_ step: Step, path: String, code: Int32) {
        self.step = step
        self.path = path
        self.code = code
    }
}

extension WhitelistStorageError: ExplainedFailure {
    /// EX_2.2_5035.
    public var requirement: RequirementID? { "EX_2.2_5035" }

    /// The French sentence for the reader.
    public var explanation: String {
        switch step {
        case .list, .read, .tooLarge: "La copie locale de la liste blanche ne peut pas être lue (\(path))."
        default: "La copie locale de la liste blanche ne peut pas être écrite (\(path))."
        }
    }

    /// English, for logs.
    public var description: String { "whitelist store: \(step.rawValue) \(path): errno \(code)" }
}

/// A store in memory, for tests and for programs without a disk.
public actor MemoryWhitelistStore: WhitelistStore {
    private var kept: [(document: [UInt8], record: WhitelistRecord)] = []
    private let limit: Int

    /// A store of at most `limit` copies.
    public init(limit: Int = 5) { self.limit = max(1, limit) }

    /// The copies kept, the latest first.
    public func copies() -> [any StoredWhitelist] {
        kept.reversed().map { MemoryCopy(document: $0.document, record: $0.record) }
    }

    /// Keeps a copy.
    public func save(_ document: [UInt8], _ record: WhitelistRecord) {
        kept.removeAll { $0.record.digest == record.digest }
        kept.append((document, record))
        if kept.count > limit { kept.removeFirst(kept.count - limit) }
    }

    /// Notes a confirmation.
    public func update(_ record: WhitelistRecord) {
        for index in kept.indices where kept[index].record.digest == record.digest { kept[index].record = record }
    }

    private struct MemoryCopy: StoredWhitelist {
        let document: [UInt8]
        let record: WhitelistRecord
        var label: String { "memory \(record.generated)" }
        func load() -> (document: [UInt8], record: WhitelistRecord?) { (document, record) }
    }
}
