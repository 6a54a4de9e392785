import MSSCore

/// A structured message ready to be sent.
public struct ComposedMessage: Sendable {
    /// The message, its date and identifier settled, for ``MessageWriter``.
    public let message: OutgoingMessage
    /// Octets of the message as written with the options given.
    public let size: Int
    /// The subject.
    public let subject: StructuredSubject
    /// The MSSanté fields.
    public let headers: MSSanteHeaders
}

extension StructuredMessage {
    /// Checks and composes the message.
    ///
    /// Throws ``StructuredMessageFailure``, ``XDMFailure``, ``MSSanteHeaderError`` or ``WriterError``.
    public func compose(options: WriterOptions = WriterOptions()) throws -> ComposedMessage {
        try compose(options: options, random: SystemRandomNumberGenerator())
    }

    /// Checks and composes the message with identifiers drawn from `random`, so that tests can repeat them.
    public func compose(options: WriterOptions, random: some RandomNumberGenerator) throws -> ComposedMessage {
        var archive = try XDMBuilder(
            sourceID: producer.oid, producer: producer.name, submissionTime: options.clock.now())
        for document in documents { try archive.add(cda: document.cda, documentClass: document.documentClass) }
        let package = try archive.build(random: random)
        let headersOfDocuments = documents.map(\.header)
        guard let subject = StructuredSubject(documents: headersOfDocuments) else { throw XDMFailure.noDocument }
        try checkRecipients(headersOfDocuments[0].patient)

        var codes: [String] = []
        for code in headersOfDocuments.map(\.type.code) where !codes.contains(code) { codes.append(code) }
        let headers = MSSanteHeaders(
            softwareNumber: producer.softwareNumber,
            hasQualifiedINS: headersOfDocuments.allSatisfy(\.patient.hasCompleteINS), cdaCodes: codes,
            endsPatientExchange: endsPatientExchange)

        var attachments = [
            OutgoingPart.attachment("IHE_XDM.zip", type: ContentType("application", "zip"), ContentSource(package))
        ]
        for document in documents {
            attachments.append(
                .attachment(document.pdfName, type: ContentType("application", "pdf"), ContentSource(document.pdf)))
        }
        let body = html.map { OutgoingPart.html($0, text: text) } ?? .text(text)
        var message = OutgoingMessage(
            from: from, to: to, subject: subject.text, content: .mixed(body, attachments: attachments))
        message.cc = cc.map { .mailbox($0) }
        message.references = references
        message.inReplyTo = references.last.map { [$0] } ?? []
        message.fields = try headers.fields()
        if requestsNotification {
            // RFC 8098 §2.1: the address of the return path, else no software answers on its own.
            message.fields.append(OutgoingField("Disposition-Notification-To", .addresses([.mailbox(from)])))
        }

        var writer = try MessageWriter(message, options: options)
        var size = 0
        try writer.write { size += $0.count }
        guard size <= maximumSize else { throw StructuredMessageFailure.tooLarge(size, maximumSize) }
        message.date = writer.date
        message.messageID = writer.messageID
        return ComposedMessage(message: message, size: size, subject: subject, headers: headers)
    }

    private func checkRecipients(_ patient: CDAPatient) throws(StructuredMessageFailure) {
        let recipients = to + cc
        guard !recipients.isEmpty else { throw .noRecipient }
        guard recipients.count <= StructuredMessage.maximumRecipients else {
            throw .tooManyRecipients(recipients.count)
        }
        var toPatient = false
        for recipient in recipients {
            guard case .patient(let matricule) = Correspondent(recipient) else { continue }
            toPatient = true
            // One message, one patient: nobody's documents go to another's space.
            guard let matricule, matricule == patient.ins?.matricule else { throw .otherPatient }
        }
        guard toPatient || !endsPatientExchange else { throw .endWithoutPatient }
    }
}
