public import MSSCore
import MSSXML
import MSSZIP

/// Builds an `IHE_XDM.ZIP` of CDA documents about one patient (IHE ITI TF-2 §3.32; Référentiel §4.7).
///
/// Equal content, time and random numbers give equal bytes.
public struct XDMBuilder: Sendable {
    /// A document added, with what its header says.
    public struct Document: Sendable {
        /// The CDA, as given.
        public let bytes: [UInt8]
        /// Its header.
        public let header: CDAHeader
        /// Its class in the exchange.
        public let documentClass: CodedValue.DocumentClass
    }

    /// The OID of the software that makes the archive.
    public let sourceID: String
    /// When the archive is made.
    public let submissionTime: Timestamp
    /// The software, named to whoever opens README.TXT.
    public let producer: String
    /// The title of the set; by default the title of a lone document, or how many there are.
    public var title: String?
    /// The kind of exchange, where the project at hand defines one.
    public var contentType: CodedValue?
    /// The documents so far.
    public private(set) var documents: [Document] = []

    /// A builder without documents.
    public init(sourceID: String, producer: String, submissionTime: Timestamp) throws(XDMFailure) {
        guard OID(dotted: sourceID) != nil else { throw .invalidSourceID }
        self.sourceID = sourceID
        self.producer = producer
        self.submissionTime = submissionTime
    }

    /// Adds a CDA document and returns its header. The patient must be that of the documents before it.
    @discardableResult
    public mutating func add(cda: [UInt8], documentClass: CodedValue.DocumentClass = .report) throws -> CDAHeader {
        let header = try CDAHeader(reading: cda)
        let number = documents.count + 1
        guard !header.patient.identifiers.isEmpty else { throw XDMFailure.noPatient(number) }
        guard documents.allSatisfy({ $0.header.patient.isSamePerson(as: header.patient) }) else {
            throw XDMFailure.severalPatients
        }
        guard !documents.contains(where: { $0.header.id == header.id }) else {
            throw XDMFailure.duplicateDocument(number)
        }
        documents.append(Document(bytes: cda, header: header, documentClass: documentClass))
        return header
    }

    /// Makes the archive.
    public func build() throws -> [UInt8] { try build(random: SystemRandomNumberGenerator()) }

    /// Makes the archive with identifiers drawn from `random`, so that tests can repeat them.
    public func build(random: some RandomNumberGenerator) throws -> [UInt8] {
        guard !documents.isEmpty else { throw XDMFailure.noDocument }
        var random = random
        let metadata = metadata(random: &random)
        let modified = ZIPTime(submissionTime)
        let writer = ZIPWriter()
        try writer.add("INDEX.HTM", index(metadata), modified: modified)
        try writer.add("README.TXT", readMe(), modified: modified)
        try writer.add("IHE_XDM/SUBSET01/METADATA.XML", metadata.xml(), modified: modified)
        for (document, entry) in zip(documents, metadata.documents) {
            try writer.add("IHE_XDM/SUBSET01/\(entry.uri)", document.bytes, modified: modified)
        }
        return try writer.finish().bytes
    }

    private func metadata(random: inout some RandomNumberGenerator) -> XDSMetadata {
        let entries = documents.enumerated().map { index, document in
            XDSDocumentEntry(
                cda: document.header, document: document.bytes, uri: XDMBuilder.fileName(index + 1),
                documentClass: document.documentClass, entryUUID: RandomUUID(using: &random).urn)
        }
        var set = XDSSubmissionSet(
            entryUUID: RandomUUID(using: &random).urn, uniqueID: RandomUUID(using: &random).oid, sourceID: sourceID,
            patientID: entries[0].patientID, submissionTime: HL7Time(utc: submissionTime).text,
            title: title ?? (documents.count == 1 ? documents[0].header.title : "\(documents.count) documents"))
        set.contentType = contentType
        // Each author once, in order.
        for author in entries.flatMap(\.authors) where !set.authors.contains(author) { set.authors.append(author) }
        return XDSMetadata(submissionSet: set, documents: entries)
    }

    /// Eight characters and three, as media of ISO 9660 level 1 demand (ITI TF-2 §3.32.4.1.2.1).
    static func fileName(_ number: Int) -> String {
        "DOC" + String(repeating: "0", count: max(0, 5 - "\(number)".count)) + "\(number).XML"
    }

    private func index(_ metadata: XDSMetadata) throws -> [UInt8] {
        let xhtml = "http://www.w3.org/1999/xhtml"
        var writer = XMLWriter(prefixes: ["": xhtml])
        try writer.element("html", in: xhtml) { writer in
            try writer.element("head", in: xhtml) {
                try $0.element("title", in: xhtml, text: "Documents de santé (IHE XDM)")
            }
            try writer.element("body", in: xhtml) { writer in
                try writer.element("h1", in: xhtml, text: metadata.submissionSet.title ?? "Documents de santé")
                try writer.element("p", in: xhtml, text: "Archive produite par \(producer).")
                try writer.element("ul", in: xhtml) { writer in
                    for entry in metadata.documents {
                        try writer.element("li", in: xhtml) { writer in
                            let link = XMLAttribute("href", "IHE_XDM/SUBSET01/\(entry.uri)")
                            try writer.element("a", in: xhtml, [link], text: entry.title ?? entry.uri)
                        }
                    }
                }
                try writer.element("p", in: xhtml) {
                    try $0.element(
                        "a", in: xhtml, [XMLAttribute("href", "README.TXT")], text: "Informations sur l'archive")
                }
            }
        }
        return try writer.finish()
    }

    private func readMe() -> [UInt8] {
        let institutions = documents.flatMap { $0.header.authors.compactMap { $0.organization?.name } }
        let lines = [
            "Archive de documents de sante au format IHE XDM (ITI-32).", "",
            "Produite par : \(LatinText.withoutAccents(producer))",
            "Structure : \(LatinText.withoutAccents(institutions.first ?? "non precisee"))",
            "Nombre de documents : \(documents.count)", "",
            "INDEX.HTM presente les documents dans un navigateur.",
            "IHE_XDM/SUBSET01 contient METADATA.XML (description) et les documents CDA R2.",
        ]
        return Array(lines.map { $0 + "\r\n" }.joined().utf8)
    }
}

extension CDAPatient {
    /// One person: the same INS where both have one, else an identifier in common.
    func isSamePerson(as other: CDAPatient) -> Bool {
        if let ins, let otherINS = other.ins { return ins == otherINS }
        return !Set(identifiers).isDisjoint(with: other.identifiers)
    }
}

extension ZIPTime {
    init(_ time: Timestamp) {
        let civil = time.civil
        self.init(
            year: civil.year, month: civil.month, day: civil.day, hour: civil.hour, minute: civil.minute,
            second: civil.second)
    }
}

/// A UUID of random bits (RFC 9562 version 4).
struct RandomUUID {
    private let bits: UInt128

    init(using random: inout some RandomNumberGenerator) {
        var high = UInt64.random(in: 0 ... .max, using: &random)
        var low = UInt64.random(in: 0 ... .max, using: &random)
        high = high & ~0xF000 | 0x4000
        low = low & ~(0xC000 << 48) | 0x8000 << 48
        bits = UInt128(high) << 64 | UInt128(low)
    }

    /// `urn:uuid:…`.
    var urn: String {
        let hexadecimal = String(bits, radix: 16)
        var digits = Substring(String(repeating: "0", count: 32 - hexadecimal.count) + hexadecimal)
        var groups: [Substring] = []
        for count in [8, 4, 4, 4, 12] {
            groups.append(digits.prefix(count))
            digits = digits.dropFirst(count)
        }
        return "urn:uuid:" + groups.joined(separator: "-")
    }

    /// Under the arc for UUIDs (ITU-T X.667).
    var oid: String { "2.25.\(bits)" }
}
