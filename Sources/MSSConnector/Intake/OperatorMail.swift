import MSSCore
import MSSMessage
import MSSSMTP

/// Messages that the operator itself writes, made ready for the queue.
enum OperatorMail {
    /// A message to one address with a null return path, about which nobody is told anything (RFC 5321 §4.5.5, RFC 3834
    /// §3.3, RFC 3461 §7).
    static func delivery(
        _ message: OutgoingMessage, to recipient: MailAddress, clock: any WallClock, id: DeliveryID? = nil
    ) throws -> NewDelivery {
        var options = WriterOptions()
        options.clock = clock
        var writer = try MessageWriter(message, options: options)
        let content = SMTPContent(try writer.bytes())
        let envelope = OutgoingEnvelope(
            sender: nil, recipients: [OutgoingEnvelope.Recipient(recipient, notify: .never)])
        return NewDelivery(SMTPOutgoingMessage(envelope, content), id: id)
    }
}
