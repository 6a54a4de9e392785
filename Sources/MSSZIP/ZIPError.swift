public import MSSCore

/// Why an archive was refused, or could not be read or written.
///
/// Entries are named by their index in the central directory, never by their name: names of medical archives may hold
/// the name of a patient.
public struct ZIPError: ExplainedFailure, Hashable {
    /// What is wrong.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// No end-of-central-directory record, or not where the file ends.
        case noEndRecord
        /// Two end records both reach the end of the file: two readers could see two different archives.
        case ambiguousEndRecord
        /// A record is cut short, lacks its signature or contradicts its own lengths.
        case malformedRecord
        /// ZIP64 fields missing where announced, or contradicting the 32-bit ones.
        case zip64Inconsistent
        /// The archive is split over several disks.
        case multipleDisks
        /// Bytes that no record accounts for: before, between or after the entries.
        case unlistedBytes
        /// Two entries share bytes of the archive.
        case overlappingEntries
        /// The local header says other than the central directory.
        case headersDisagree
        /// More entries than allowed.
        case tooManyEntries
        /// The name is longer than allowed.
        case nameTooLong
        /// The name is empty, or holds a NUL, a control character, a backslash or an invalid encoding.
        case unsafeName
        /// The name is absolute, names a drive, or climbs out of its folder.
        case pathTraversal
        /// Two entries have one name (letter case and Unicode normalisation aside).
        case duplicateName
        /// A symbolic link, device, pipe or socket.
        case notAFile
        /// The entry is encrypted: it can be neither scanned nor read.
        case encrypted
        /// A compression method other than store and deflate.
        case unsupportedMethod
        /// The entry expands beyond what is allowed for one entry.
        case entryTooLarge
        /// The entries together expand beyond what is allowed.
        case archiveTooLarge
        /// The entry expands more times than any honest document does.
        case expansionTooHigh
        /// Archives within archives, deeper than allowed.
        case nestedTooDeep
        /// The compressed data is not a deflate stream.
        case corruptData
        /// The data is shorter or longer than its header says.
        case sizeMismatch
        /// The data does not have the CRC-32 that its header says.
        case checksumMismatch
        /// The writer was used out of order: an entry begun twice, written to without one open, or after the end.
        case misuse
        /// The operating system failed to read or write.
        case inputOutput
        /// zlib could not have the memory it asked for.
        case outOfMemory
    }

    /// What is wrong.
    public let reason: Reason
    /// The entry concerned, by its index in the central directory; `nil` when the archive as a whole is.
    public let entry: Int?
    /// `errno`, for ``Reason/inputOutput``.
    public let systemError: Int32?

    /// An error from its parts.
    public init(_ reason: Reason, entry: Int? = nil, systemError: Int32? = nil) {
        self.reason = reason
        self.entry = entry
        self.systemError = systemError
    }

    /// None: the ZIP format is no requirement of the Référentiel.
    public var requirement: RequirementID? { nil }

    /// English, for a log.
    public var description: String {
        var text = "ZIP: \(reason.rawValue)"
        if let entry { text += " (entry \(entry))" }
        if let systemError { text += " (errno \(systemError))" }
        return text
    }

    /// One French sentence for whoever opens the archive.
    public var explanation: String {
        switch reason {
        case .noEndRecord, .malformedRecord, .zip64Inconsistent, .headersDisagree, .corruptData, .sizeMismatch,
            .checksumMismatch:
            "L'archive ZIP est endommagée ou incohérente."
        case .ambiguousEndRecord, .unlistedBytes, .overlappingEntries, .duplicateName:
            "L'archive ZIP est construite de façon trompeuse et n'a pas été ouverte."
        case .unsafeName, .pathTraversal, .nameTooLong, .notAFile:
            "L'archive ZIP contient un élément dont le nom ou la nature est dangereux ; elle n'a pas été ouverte."
        case .encrypted: "L'archive ZIP est protégée par un mot de passe et ne peut pas être contrôlée."
        case .unsupportedMethod, .multipleDisks: "L'archive ZIP utilise une forme qui n'est pas prise en charge."
        case .tooManyEntries, .entryTooLarge, .archiveTooLarge, .expansionTooHigh, .nestedTooDeep:
            "L'archive ZIP est trop volumineuse une fois décompressée ; elle n'a pas été ouverte."
        case .misuse, .inputOutput, .outOfMemory: "L'archive ZIP n'a pas pu être lue ou écrite."
        }
    }
}
