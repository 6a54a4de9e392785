import MSSMessage
import NIOCore

/// What clients ask of every message when they list a mailbox, ready to be sent: a backend that keeps it spares the
/// reading of whole messages (decision 0206). The octets of many messages may lie in one piece of memory.
public struct IMAPMessageSummary: Sendable, Hashable {
    /// What it says of the structure.
    public struct Structure: Sendable, Hashable {
        /// `ENVELOPE` as it stands in a response.
        public var envelope: ArraySlice<UInt8>
        /// `BODYSTRUCTURE` as it stands in a response of IMAP4rev1.
        public var body: ArraySlice<UInt8>
        /// The same of IMAP4rev2; `nil` when there is no difference.
        public var rev2Body: ArraySlice<UInt8>?

        /// What is said of a structure.
        public init(envelope: ArraySlice<UInt8>, body: ArraySlice<UInt8>, rev2Body: ArraySlice<UInt8>? = nil) {
            self.envelope = envelope
            self.body = body
            self.rev2Body = rev2Body
        }

        func body(rev2: Bool) -> ArraySlice<UInt8> { rev2 ? rev2Body ?? body : body }
    }

    /// The header, the empty line after it included; `nil` where it was not asked for.
    public var header: ArraySlice<UInt8>?
    /// What is said of the structure; `nil` where it was not asked for.
    public var structure: Structure?

    /// A summary.
    public init(header: ArraySlice<UInt8>?, structure: Structure?) {
        self.header = header
        self.structure = structure
    }

    /// Octets of all of it.
    public var count: Int {
        (header?.count ?? 0) + (structure?.envelope.count ?? 0) + (structure?.body.count ?? 0)
            + (structure?.rev2Body?.count ?? 0)
    }
}

/// Makes the summary of a message as it streams by: one pass, nothing of its bodies is kept.
public struct IMAPSummaryBuilder: Sendable {
    /// Octets of a summary; of a message that needs more there is none, and it is read when it is asked for.
    public static let limit = 32 << 10

    private var parser = StructureParser()
    private var header: [UInt8] = []
    private var isHeaderComplete = false

    /// Nothing has come yet.
    public init() {}

    /// Takes the next octets of the message.
    public mutating func add(_ octets: UnsafeRawBufferPointer) {
        parser.append(octets)
        guard !isHeaderComplete, header.count < Self.limit else { return }
        let start = header.count
        header.append(contentsOf: octets.prefix(Self.limit - start))
        if let end = IMAPMessageReader.headerEnd(header, from: max(0, start - 3)) {
            header.removeLast(header.count - end)
            isHeaderComplete = true
        }
    }

    /// The message has ended; `nil` when its summary would be longer than ``limit``.
    public mutating func finish() -> IMAPMessageSummary? {
        let message = parser.finish()
        guard isHeaderComplete || header.count < Self.limit else { return nil }
        let differs = message.parts.contains { $0.contentType.essence == "message/global" }
        let structure = IMAPMessageSummary.Structure(
            envelope: Envelope(message.root.header).imapBytes[...],
            body: message.imapBodyStructure(extended: true)[...],
            rev2Body: differs ? message.imapBodyStructure(extended: true, rev2: true)[...] : nil)
        let summary = IMAPMessageSummary(header: header[...], structure: structure)
        return summary.count <= Self.limit ? summary : nil
    }
}

/// Stands for a message of which everything asked is known without reading it.
struct UnreadContent: IMAPMessageContent {
    let size: Int
    func octets(_ range: Range<Int>) async throws -> ByteBuffer { throw IMAPRefusal.internalFault }
}
