import MSSCore
import MSSMessage
import MSSSMTP

/// The copy of a message for the sender's folder of sent messages, on request: a field `Fcc`, which never leaves.
///
/// The copy is a delivery of its own in the same commit, so that a crash loses neither. Its mark stands where the envelope
/// keeps the recipient's original address, which nothing reads in a delivery to oneself.
enum SentCopy {
    /// The field that asks for it, whatever folder it names.
    static let field = "Fcc"

    // An atom and a word.
    private static let mark = OriginalRecipient(addressType: "x-mssante-folder", address: "sent")!

    static func isAskedFor(by header: HeaderBlock) -> Bool { header.first(field) != nil }

    static func delivery(of content: SMTPContent, for sender: MailAddress) -> NewDelivery {
        let recipient = OutgoingEnvelope.Recipient(sender, notify: .never, original: mark)
        return NewDelivery(
            SMTPOutgoingMessage(OutgoingEnvelope(sender: sender, recipients: [recipient]), content))
    }

    /// Whether a delivery is a copy. A mark that comes with somebody else's message is nothing.
    static func isOne(_ recipient: OutgoingEnvelope.Recipient, _ envelope: OutgoingEnvelope) -> Bool {
        recipient.original == mark && envelope.sender == recipient.address && envelope.recipients.count == 1
    }
}
