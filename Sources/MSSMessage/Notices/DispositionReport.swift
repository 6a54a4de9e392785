/// The machine part of a message disposition notification (RFC 8098).
public struct DispositionReport: Sendable, Hashable {
    /// What became of the message.
    public enum Disposition: String, Sendable, Hashable, CaseIterable {
        /// Shown to someone; not a proof of reading.
        case displayed
        /// Handled by software without being shown: the result of an integration (CI-SIS).
        case processed
        /// Deleted.
        case deleted
        /// Sent on (RFC 3798; gone from RFC 8098, still met).
        case dispatched
        /// Refused (RFC 3798; still met).
        case denied
        /// Could not be handled (RFC 3798; still met).
        case failed
    }

    /// The software that made the report: its host, then its name.
    public var reportingUA: String?
    /// The address as the sender gave it.
    public var originalRecipient: DeliveryReport.TypedValue?
    /// The address of the mailbox that reports.
    public var finalRecipient: DeliveryReport.TypedValue
    /// The identifier of the message concerned, without angle brackets.
    public var originalMessageID: String?
    /// Whether software acted on its own, not a person.
    public var isAutomaticAction: Bool
    /// Whether the report was sent without asking anyone.
    public var isSentAutomatically: Bool
    /// What became of the message.
    public var disposition: Disposition
    /// Modifiers of the disposition, lower case (`error`, …).
    public var modifiers: [String]
    /// Diagnostics of an error (`Error` fields).
    public var errors: [String]

    /// A report from its parts.
    public init(
        finalRecipient: DeliveryReport.TypedValue, disposition: Disposition, isAutomaticAction: Bool = false,
        isSentAutomatically: Bool = false, originalRecipient: DeliveryReport.TypedValue? = nil,
        originalMessageID: String? = nil, reportingUA: String? = nil, modifiers: [String] = [], errors: [String] = []
    ) {
        self.finalRecipient = finalRecipient
        self.disposition = disposition
        self.isAutomaticAction = isAutomaticAction
        self.isSentAutomatically = isSentAutomatically
        self.originalRecipient = originalRecipient
        self.originalMessageID = originalMessageID
        self.reportingUA = reportingUA
        self.modifiers = modifiers
        self.errors = errors
    }

    /// The failure of integration that the errors tell, when written as the CI-SIS asks (`902^…`).
    public var processingReport: ProcessingReport? { errors.lazy.compactMap { ProcessingReport(errorText: $0) }.first }

    /// Whether an error is reported.
    public var isFailure: Bool {
        disposition == .failed || disposition == .denied || modifiers.contains("error") || !errors.isEmpty
    }

    /// The body of `message/disposition-notification` (RFC 8098 §3.1).
    ///
    /// A processing failure of the CI-SIS is written as its volet asks, in the modifier, where standard tools read
    /// `processed`, and in `Error`, where they read the text.
    public var body: [UInt8] {
        var writer = ReportFieldWriter()
        writer.field("Reporting-UA", reportingUA)
        writer.field("Original-Recipient", originalRecipient)
        writer.field("Final-Recipient", finalRecipient)
        writer.field("Original-Message-ID", originalMessageID.map { "<\($0)>" })
        let mode = isAutomaticAction ? "automatic-action" : "manual-action"
        let sending = isSentAutomatically ? "MDN-sent-automatically" : "MDN-sent-manually"
        var value = "\(mode)/\(sending); \(disposition.rawValue)"
        if let report = processingReport, disposition == .processed {
            value += "/Error: \(report.errorText)"
        } else if !modifiers.isEmpty {
            value += "/" + modifiers.joined(separator: ",")
        }
        writer.field("Disposition", value)
        for error in errors { writer.field("Error", error) }
        return writer.bytes
    }

    /// Reads the body of `message/disposition-notification`; `nil` without a disposition that can be read.
    public init?(body: some Sequence<UInt8>) {
        let groups = ReportFields.groups(body)
        guard let fields = groups.first(where: { $0.first("Disposition") != nil }),
            let text = fields.first("Disposition")
        else { return nil }
        let halves = text.split(separator: ";", maxSplits: 1).map { String($0).trimmed }
        let modes = halves.count == 2 ? halves[0].lowercased() : ""
        let kinds = (halves.last ?? "").split(separator: "/", maxSplits: 1).map { String($0).trimmed }
        guard let word = kinds.first, let disposition = Disposition(rawValue: word.lowercased()) else { return nil }
        typealias Value = DeliveryReport.TypedValue
        let final = fields.first("Final-Recipient") ?? ""
        var modifiers: [String] = []
        var errors = fields.all("Error")
        if kinds.count == 2 {
            // The form of the CI-SIS: `Error: 902^libellé`, outside the grammar of RFC 8098 §3.2.6.
            if let colon = kinds[1].firstIndex(of: ":"), kinds[1][..<colon].lowercased() == "error" {
                modifiers = ["error"]
                let detail = String(kinds[1][kinds[1].index(after: colon)...]).trimmed
                if !detail.isEmpty, !errors.contains(detail) { errors.append(detail) }
            } else {
                modifiers = kinds[1].split(separator: ",").map { String($0).trimmed.lowercased() }.filter {
                    !$0.isEmpty
                }
            }
        }
        self.init(
            finalRecipient: Value(parsing: final) ?? .address(final), disposition: disposition,
            isAutomaticAction: modes.hasPrefix("automatic-action"),
            isSentAutomatically: modes.contains("mdn-sent-automatically"),
            originalRecipient: fields.first("Original-Recipient").flatMap { Value(parsing: $0) },
            originalMessageID: fields.first("Original-Message-ID").flatMap { MessageIDs.parse(Array($0.utf8)).first },
            reportingUA: fields.first("Reporting-UA"), modifiers: modifiers, errors: errors)
    }
}
