extension Message {
    /// The delivery report that the message carries (`message/delivery-status`, or its internationalised form of
    /// RFC 6533); `nil` when there is none that can be read.
    public var deliveryReport: DeliveryReport? {
        report(of: ["message/delivery-status", "message/global-delivery-status"]) { DeliveryReport(body: $0) }
    }

    /// The disposition report that the message carries (`message/disposition-notification`).
    public var dispositionReport: DispositionReport? {
        report(of: ["message/disposition-notification", "message/global-disposition-notification"]) {
            DispositionReport(body: $0)
        }
    }

    /// The result of integrating a structured message: from the report when there is one, else from the subject.
    public var processingReport: ProcessingReport? {
        let subject = header.subject ?? ""
        let named = ProcessingReport(subject: subject)
        guard var reported = dispositionReport?.processingReport else { return named }
        reported.subject = named?.subject ?? StructuredSubject(parsing: subject)
        return reported
    }

    private func report<Report>(of types: Set<String>, _ read: ([UInt8]) -> Report?) -> Report? {
        // Not inside a message that is merely attached or returned: its notices are not about us.
        for part in parts where part.depth <= 2 && types.contains(part.contentType.essence.lowercased()) {
            if part.parent.map({ parts[$0].kind == .message }) ?? false { continue }
            if let report = read(content(of: part)) { return report }
        }
        return nil
    }
}
