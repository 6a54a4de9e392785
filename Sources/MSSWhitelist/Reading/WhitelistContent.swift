public import MSSCore
import MSSXML

/// What a whitelist says: its date, its entries in order, and its oddities.
public struct WhitelistContent: Sendable {
    /// `versionFormat`, absent from published lists.
    public let formatVersion: String?
    /// `DateDeGeneration`.
    public let generated: Timestamp
    /// The usable entries, in the order of the list, duplicates included.
    public let entries: [WhitelistEntry]
    /// The oddities of the list and of its entries.
    public let diagnostics: [WhitelistDiagnostic]
    /// How many `Domaine` elements there are, unusable ones included.
    public let elementCount: Int
    /// Domains and certificate names of the entries, numbered.
    let keys: EntryKeys

    /// Content from its parts: for tests and tools.
    public init(
        formatVersion: String? = nil, generated: Timestamp, entries: [WhitelistEntry],
        diagnostics: [WhitelistDiagnostic] = [], elementCount: Int? = nil
    ) {
        self.init(
            formatVersion: formatVersion, generated: generated, entries: entries, keys: EntryKeys(entries),
            diagnostics: diagnostics, elementCount: elementCount ?? entries.count)
    }

    init(
        formatVersion: String?, generated: Timestamp, entries: [WhitelistEntry], keys: EntryKeys,
        diagnostics: [WhitelistDiagnostic], elementCount: Int
    ) {
        self.formatVersion = formatVersion
        self.generated = generated
        self.entries = entries
        self.keys = keys
        self.diagnostics = diagnostics
        self.elementCount = elementCount
    }

    /// Reads the content of a whitelist.
    ///
    /// Reading proves nothing: give it the bytes that a verification digested (``WhitelistVerifier``), never the
    /// document as received.
    public init(unverified bytes: some Sequence<UInt8>) throws(WhitelistFormatError) {
        var reader = WhitelistReader()
        do {
            try XMLEventReader.read(bytes, vocabulary: WhitelistFormat.vocabulary) { event in
                try reader.read(event)
            }
        } catch let failure as XMLFailure {
            throw .xml(failure)
        } catch let error as WhitelistFormatError {
            throw error
        } catch {
            // The reader throws no other error: its handler is the closure above.
            preconditionFailure("\(error)")
        }
        self = try reader.finish()
    }

    /// Reads the content from the canonical bytes that a verification digested: as ``init(unverified:)``, several times
    /// as fast.
    package init(canonical bytes: [UInt8]) throws(WhitelistFormatError) {
        var reader = WhitelistReader(documentLength: bytes.count)
        let isRead = try bytes.withUnsafeBufferPointer { (buffer) throws(WhitelistFormatError) -> Bool in
            var events = XMLCanonicalReader(buffer, vocabulary: WhitelistFormat.vocabulary)
            while events.next() { try reader.read(events) }
            return !events.hasDeclined
        }
        // A processing instruction, for instance: rare, and the other reader knows them.
        guard isRead else {
            self = try WhitelistContent(unverified: bytes)
            return
        }
        self = try reader.finish()
    }
}
