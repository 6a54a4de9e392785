public import MSSCore

extension OutgoingEnvelope {
    /// The envelope of a message that was received, to send it on.
    ///
    /// - Parameters:
    ///   - envelope: the envelope as received. Its `SMTPUTF8` is taken at its word; whoever has looked at the header may
    ///     know better and clear ``hasInternationalHeader``.
    ///   - postmaster: the mailbox that stands for the server's postmaster.
    public init(received envelope: SMTPEnvelope, postmaster: MailAddress) {
        self.init(
            sender: envelope.sender.address,
            recipients: envelope.recipients.map { recipient in
                Recipient(
                    recipient.path.address ?? postmaster, notify: recipient.parameters.notify,
                    original: recipient.parameters.originalRecipient)
            },
            isEightBit: envelope.parameters.body == .eightBit,
            hasInternationalHeader: envelope.parameters.smtpUTF8, returned: envelope.parameters.dsnReturn,
            envelopeID: envelope.parameters.envelopeID)
    }
}
