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

    /// Content from its parts: for tests and tools.
    public init(
        formatVersion: String? = nil, generated: Timestamp, entries: [WhitelistEntry],
        diagnostics: [WhitelistDiagnostic] = [], elementCount: Int? = nil
    ) {
        self.formatVersion = formatVersion
        self.generated = generated
        self.entries = entries
        self.diagnostics = diagnostics
        self.elementCount = elementCount ?? entries.count
    }

    /// Reads the content of a whitelist.
    ///
    /// Reading proves nothing: give it the bytes that a verification digested (``WhitelistVerifier``), never the
    /// document as received.
    public init(unverified bytes: some Sequence<UInt8>) throws(WhitelistFormatError) {
        var reader = WhitelistReader()
        do {
            try XMLEventReader.read(bytes, vocabulary: WhitelistFormat.names.vocabulary) { event in
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
}
