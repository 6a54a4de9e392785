import MSSCore

extension DeliveryReport {
    /// The body of `message/delivery-status` (RFC 3464 §2.1).
    public var body: [UInt8] {
        var writer = ReportFieldWriter()
        writer.field("Original-Envelope-Id", envelopeID)
        writer.field("Reporting-MTA", reportingMTA)
        writer.field("Received-From-MTA", receivedFrom)
        writer.field("Arrival-Date", arrivalDate?.rfc5322)
        for recipient in recipients {
            writer.endGroup()
            writer.field("Original-Recipient", recipient.original)
            writer.field("Final-Recipient", recipient.final)
            writer.field("Action", recipient.action.rawValue)
            writer.field("Status", recipient.status.description)
            writer.field("Remote-MTA", recipient.remoteMTA)
            writer.field("Diagnostic-Code", recipient.diagnostic)
            writer.field("Last-Attempt-Date", recipient.lastAttempt?.rfc5322)
            if recipient.action == .delayed { writer.field("Will-Retry-Until", recipient.willRetryUntil?.rfc5322) }
        }
        return writer.bytes
    }

    /// Reads the body of `message/delivery-status`, as broken as others write it; `nil` when no recipient can be read.
    public init?(body: some Sequence<UInt8>) {
        let groups = ReportFields.groups(body)
        let recipients = groups.compactMap { Recipient($0) }
        guard !recipients.isEmpty else { return nil }
        // The first group is about the message, unless a writer left it out.
        let message = groups.first { $0.first("Final-Recipient") == nil }
        self.init(
            reportingMTA: message?.first("Reporting-MTA").flatMap { TypedValue(parsing: $0) } ?? TypedValue("dns", ""),
            envelopeID: message?.first("Original-Envelope-Id"),
            receivedFrom: message?.first("Received-From-MTA").flatMap { TypedValue(parsing: $0) },
            arrivalDate: message?.first("Arrival-Date").flatMap { MessageDate(parsing: $0) }, recipients: recipients)
    }
}

extension DeliveryReport.Recipient {
    init?(_ fields: ReportFields) {
        typealias Value = DeliveryReport.TypedValue
        guard let final = fields.first("Final-Recipient") ?? fields.first("Original-Recipient") else { return nil }
        let actionWord = fields.first("Action")?.lowercased().prefix { $0.isLetter } ?? ""
        let status = fields.first("Status").flatMap { EnhancedStatusCode(text: $0.prefix { $0.isNumber || $0 == "." }) }
        // Either of the two tells the other when one is missing.
        guard let action = DeliveryReport.Action(rawValue: String(actionWord)) ?? status.map(Self.action),
            let code = status
                ?? EnhancedStatusCode(class: action == .failed ? 5 : action == .delayed ? 4 : 2, subject: 0, detail: 0)
        else { return nil }
        self.init(
            final: Value(parsing: final) ?? .address(final), action: action, status: code,
            original: fields.first("Original-Recipient").flatMap { Value(parsing: $0) },
            remoteMTA: fields.first("Remote-MTA").flatMap { Value(parsing: $0) },
            diagnostic: fields.first("Diagnostic-Code").map { Value(parsing: $0) ?? .smtp($0) },
            lastAttempt: fields.first("Last-Attempt-Date").flatMap { MessageDate(parsing: $0) },
            willRetryUntil: fields.first("Will-Retry-Until").flatMap { MessageDate(parsing: $0) })
    }

    private static func action(_ status: EnhancedStatusCode) -> DeliveryReport.Action {
        status.class == 5 ? .failed : status.class == 4 ? .delayed : .delivered
    }
}
