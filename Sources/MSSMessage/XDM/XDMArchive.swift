public import MSSZIP

/// An IHE XDM archive that was opened and checked: every document is there, has the size and SHA-1 that its metadata
/// give, and concerns the same patient.
public struct XDMArchive: Sendable {
    /// A document of the archive.
    public struct Document: Sendable {
        /// What the metadata say.
        public let entry: XDSDocumentEntry
        /// The file.
        public let bytes: [UInt8]
        /// The CDA header; `nil` when the file is no CDA document that can be read.
        public let header: CDAHeader?
    }

    /// What was tolerated.
    public enum Irregularity: Sendable, Hashable {
        /// INDEX.HTM or README.TXT is missing.
        case missingFile(String)
        /// A document, by its number from 1, comes without size or hash: it could not be checked.
        case unchecked(Int)
        /// A document announced as CDA is not one that can be read.
        case unreadableCDA(Int)
    }

    /// The metadata.
    public let metadata: XDSMetadata
    /// The documents, in the order of the metadata.
    public let documents: [Document]
    /// What was tolerated.
    public let irregularities: [Irregularity]

    /// Whether a file name is the one that the CI-SIS gives to the attachment (letter case aside).
    public static func isAttachmentName(_ name: String) -> Bool { name.lowercased() == "ihe_xdm.zip" }

    /// Limits for the archive of one message.
    public static var limits: ZIPLimits {
        var limits = ZIPLimits()
        limits.entries = 500
        limits.nameBytes = 255
        limits.depth = 8  // ITI TF-2 §3.32.4.1.2.1
        limits.entryBytes = 128 << 20
        limits.totalBytes = 256 << 20
        return limits
    }

    /// Opens an archive.
    public init(opening bytes: [UInt8], limits: ZIPLimits = XDMArchive.limits) throws {
        var budget = ZIPBudget(limits)
        try self.init(opening: bytes, limits: limits, budget: &budget)
    }

    /// Opens an archive, its expanded bytes taken from `budget`.
    ///
    /// Throws `ZIPError`, ``XDMFailure``, or MSSXML's failure for METADATA.XML.
    public init(opening bytes: [UInt8], limits: ZIPLimits = XDMArchive.limits, budget: inout ZIPBudget) throws {
        let reader = try ZIPReader(bytes: bytes, limits: limits)
        var files: [String: ZIPEntry] = [:]
        for entry in reader.entries where !entry.isDirectory { files[entry.name.uppercased()] = entry }

        let candidates = files.keys.filter {
            let parts = $0.split(separator: "/")
            return parts.count == 3 && parts[0] == "IHE_XDM" && parts[2] == "METADATA.XML"
        }
        guard let path = candidates.first, let metadataFile = files[path] else { throw XDMFailure.notXDM }
        guard candidates.count == 1 else { throw XDMFailure.severalSubmissionSets }
        let metadata = try XDSMetadata(reading: reader.bytes(of: metadataFile, budget: &budget))
        let folder = path.dropLast("METADATA.XML".count)

        var irregularities: [Irregularity] = []
        for name in ["INDEX.HTM", "README.TXT"] where files[name] == nil { irregularities.append(.missingFile(name)) }
        var documents: [Document] = []
        for (index, entry) in metadata.documents.enumerated() {
            let number = index + 1
            // The URI only ever names an entry of the archive, whose names are safe; nothing else is opened.
            guard let file = files[folder + entry.uri.trimmed.uppercased()] else {
                throw XDMFailure.documentMissing(number)
            }
            let content = try reader.bytes(of: file, budget: &budget)
            if let size = entry.size, size != content.count { throw XDMFailure.sizeMismatch(number) }
            if let hash = entry.hash, hash != Digest.sha1(content) { throw XDMFailure.hashMismatch(number) }
            if entry.size == nil || entry.hash == nil { irregularities.append(.unchecked(number)) }
            var header: CDAHeader?
            if entry.mimeType.lowercased().hasSuffix("/xml") {
                header = try? CDAHeader(reading: content)
                if header == nil { irregularities.append(.unreadableCDA(number)) }
            }
            if let header { try XDMArchive.check(header, against: entry, number) }
            documents.append(Document(entry: entry, bytes: content, header: header))
        }
        try XDMArchive.checkOnePatient(metadata, documents)
        self.metadata = metadata
        self.documents = documents
        self.irregularities = irregularities
    }

    /// The header must be that of the document described. Unique identifiers are compared with and without extension,
    /// since writers differ.
    private static func check(_ header: CDAHeader, against entry: XDSDocumentEntry, _ number: Int) throws(XDMFailure) {
        guard entry.uniqueID == header.id.uniqueID || entry.uniqueID == header.id.root else {
            throw .metadataDisagrees(number, "uniqueId")
        }
        if let code = entry.typeCode?.code, code != header.type.code { throw .metadataDisagrees(number, "typeCode") }
    }

    /// One patient throughout: every INS that stands anywhere is the same, and so is every other patient identifier of
    /// the metadata (Référentiel §4.7).
    private static func checkOnePatient(_ metadata: XDSMetadata, _ documents: [Document]) throws(XDMFailure) {
        let stated = [metadata.submissionSet.patientID] + documents.map(\.entry.patientID)
        let numbers = stated.compactMap { $0 } + documents.flatMap { $0.header?.patient.identifiers ?? [] }
        guard Set(numbers.compactMap(\.ins)).count <= 1, Set(stated.compactMap { $0 }).count <= 1 else {
            throw .severalPatients
        }
        let patients = documents.compactMap { $0.header?.patient }
        guard let first = patients.first else { return }
        guard patients.allSatisfy({ $0.isSamePerson(as: first) }) else { throw .severalPatients }
    }

    /// The patient: what the first readable document says.
    public var patient: CDAPatient? { documents.lazy.compactMap { $0.header?.patient }.first }
}
