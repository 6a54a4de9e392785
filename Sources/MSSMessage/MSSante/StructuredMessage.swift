public import MSSCore

/// A message that carries structured documents about one patient, as the Référentiels ask of client software: text (and
/// HTML), one `IHE_XDM.zip`, the PDF of each document, the MSSanté fields, a readable subject (Référentiel #1 §4.7;
/// Référentiel #2 as told in the editors' workshops).
///
/// ```swift
/// var message = StructuredMessage(from: …, to: […], text: "…", producer: …)
/// try message.add(cda: cda, pdf: pdf)
/// let composed = try message.compose()
/// ```
public struct StructuredMessage: Sendable {
    /// The software that composes.
    public struct Producer: Sendable, Hashable {
        /// Its number (NIL), for `X-MSS-NIL`.
        public var softwareNumber: String
        /// Its OID, for the archive.
        public var oid: String
        /// Its name, for the archive.
        public var name: String

        /// A software.
        public init(softwareNumber: String, oid: String, name: String) {
            self.softwareNumber = softwareNumber
            self.oid = oid
            self.name = name
        }
    }

    /// A document with its PDF.
    struct Document: Sendable {
        let cda: [UInt8]
        let header: CDAHeader
        let documentClass: CodedValue.DocumentClass
        let pdf: [UInt8]
        let pdfName: String
    }

    /// The author.
    public var from: Mailbox
    /// The recipients.
    public var to: [Mailbox]
    /// Recipients of copies.
    public var cc: [Mailbox] = []
    /// The text.
    public var text: String
    /// The same in HTML; `nil` for plain text alone.
    public var html: String?
    /// The software.
    public var producer: Producer
    /// Whether to ask for a disposition notification, by which the recipient's software also reports integration.
    public var requestsNotification = true
    /// Whether the patient must not answer (`X-MSS-MES: FIN`); for patients only.
    public var endsPatientExchange = false
    /// Identifiers of the messages answered, without angle brackets, the last one the message answered.
    public var references: [String] = []
    /// Most octets of the message as sent. By default what every operator takes: 10 MB, encoded (EX_GBM_4410).
    public var maximumSize = 10_000_000
    private(set) var documents: [Document] = []

    /// Most recipients (EX_GBM_4420).
    public static let maximumRecipients = 40

    /// A message without documents.
    public init(from: Mailbox, to: [Mailbox], text: String, producer: Producer) {
        self.from = from
        self.to = to
        self.text = text
        self.producer = producer
    }

    /// Adds a CDA document and its PDF; returns the document's header.
    ///
    /// Throws when the CDA cannot be read, or when the PDF is none. The client answers for both saying the same
    /// (Référentiel §4.7).
    @discardableResult
    public mutating func add(
        cda: [UInt8], documentClass: CodedValue.DocumentClass = .report, pdf: [UInt8], pdfName: String? = nil
    ) throws -> CDAHeader {
        let header = try CDAHeader(reading: cda)
        let number = documents.count + 1
        // ISO 32000: the header stands in the first bytes; readers look for it in the first 1,024.
        guard pdf.prefix(1_024).firstRange(of: Array("%PDF-".utf8)) != nil else {
            throw StructuredMessageFailure.notPDF(number)
        }
        documents.append(
            Document(
                cda: cda, header: header, documentClass: documentClass, pdf: pdf,
                pdfName: StructuredMessage.fileName(pdfName ?? StructuredMessage.defaultName(header, number))))
        return header
    }

    /// `20240104_CR d'examens biologiques_1.pdf`: no patient name, since file names end up in logs and folders.
    private static func defaultName(_ header: CDAHeader, _ number: Int) -> String {
        "\(header.effectiveTime.text.prefix(8))_\(header.type.displayName.isEmpty ? "document" : header.type.displayName)_\(number).pdf"
    }

    /// A name without anything that a file system would take for a path.
    static func fileName(_ name: String) -> String {
        let safe = StructuredSubject.line(name).map { "/\\:*?\"<>|".contains($0) ? "_" : $0 }
        let trimmed = String(safe).drop { $0 == "." }
        let text = trimmed.isEmpty ? "document.pdf" : String(trimmed.prefix(150))
        return text.lowercased().hasSuffix(".pdf") ? text : text + ".pdf"
    }
}

/// Why a structured message cannot be composed or opened.
public enum StructuredMessageFailure: ExplainedFailure, Hashable {
    /// No recipient.
    case noRecipient
    /// More than 40 recipients.
    case tooManyRecipients(Int)
    /// The PDF of a document, by its number from 1, is no PDF.
    case notPDF(Int)
    /// A patient among the recipients is not the patient of the documents.
    case otherPatient
    /// `FIN` without a patient among the recipients.
    case endWithoutPatient
    /// The message would be larger than allowed: octets, limit.
    case tooLarge(Int, Int)
    /// The message holds no IHE XDM attachment.
    case noArchive
    /// The message holds several.
    case severalArchives

    /// The requirement, where a number exists.
    public var requirement: RequirementID? {
        switch self {
        case .tooManyRecipients: "EX_GBM_4420"
        case .tooLarge: "EX_GBM_4410"
        default: nil
        }
    }

    /// English, for a log.
    public var description: String {
        switch self {
        case .noRecipient: "structured message: no recipient"
        case .tooManyRecipients(let count): "structured message: \(count) recipients"
        case .notPDF(let number): "structured message: PDF of document \(number) is none"
        case .otherPatient: "structured message: recipient is another patient"
        case .endWithoutPatient: "structured message: FIN without a patient"
        case .tooLarge(let size, let limit): "structured message: \(size) octets, limit \(limit)"
        case .noArchive: "structured message: no IHE XDM attachment"
        case .severalArchives: "structured message: several IHE XDM attachments"
        }
    }

    /// French, for the user.
    public var explanation: String {
        switch self {
        case .noRecipient: "Le message n'a pas de destinataire."
        case .tooManyRecipients: "Le message a plus de \(StructuredMessage.maximumRecipients) destinataires."
        case .notPDF(let number): "La version PDF du document n° \(number) n'est pas un fichier PDF."
        case .otherPatient:
            "Un destinataire est un patient que les documents ne concernent pas ; le message n'a pas été préparé."
        case .endWithoutPatient: "La mention de fin d'échange ne s'applique qu'à un message adressé à un patient."
        case .tooLarge(let size, let limit):
            "Le message (\(size / 1_000_000) Mo une fois encodé) dépasse la taille acceptée (\(limit / 1_000_000) Mo)."
        case .noArchive: "Le message ne contient pas d'archive de documents de santé (IHE XDM)."
        case .severalArchives: "Le message contient plusieurs archives IHE XDM ; il ne doit en contenir qu'une."
        }
    }
}
