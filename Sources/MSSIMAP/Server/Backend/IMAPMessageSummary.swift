import MSSMessage
import NIOCore

/// What clients ask of every message when they list a mailbox, ready to be sent: a backend that keeps it spares the
/// reading of whole messages (decision 0206).
public struct IMAPMessageSummary: Sendable, Hashable {
    /// The header, the empty line after it included.
    public var header: [UInt8]
    /// `ENVELOPE` as it stands in a response.
    public var envelope: [UInt8]
    /// `BODYSTRUCTURE` as it stands in a response of IMAP4rev1.
    public var bodyStructure: [UInt8]
    /// The same of IMAP4rev2; `nil` when there is no difference.
    public var rev2BodyStructure: [UInt8]?

    /// A summary.
    public init(header: [UInt8], envelope: [UInt8], bodyStructure: [UInt8], rev2BodyStructure: [UInt8]? = nil) {
        self.header = header
        self.envelope = envelope
        self.bodyStructure = bodyStructure
        self.rev2BodyStructure = rev2BodyStructure
    }

    /// Octets of all of it.
    public var count: Int { header.count + envelope.count + bodyStructure.count + (rev2BodyStructure?.count ?? 0) }

    func bodyStructure(rev2: Bool) -> [UInt8] { rev2 ? rev2BodyStructure ?? bodyStructure : bodyStructure }
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
        let structure = parser.finish()
        guard isHeaderComplete || header.count < Self.limit else { return nil }
        let summary = IMAPMessageSummary(
            header: header, envelope: Envelope(structure.root.header).imapBytes,
            bodyStructure: structure.imapBodyStructure(extended: true),
            rev2BodyStructure: structure.parts.contains { $0.contentType.essence == "message/global" }
                ? structure.imapBodyStructure(extended: true, rev2: true) : nil)
        return summary.count <= Self.limit ? summary : nil
    }
}

/// Stands for a message of which everything asked is known without reading it.
struct UnreadContent: IMAPMessageContent {
    let size: Int
    func octets(_ range: Range<Int>) async throws -> ByteBuffer { throw IMAPRefusal.internalFault }
}
