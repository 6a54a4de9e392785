import MSSCore
import MSSSMTP

/// The envelope of a message as bytes.
enum EnvelopeCoding {
    private static let unsaid: UInt8 = 0xFF

    static func encode(_ envelope: OutgoingEnvelope) -> [UInt8] {
        var writer = ByteWriter()
        writer.optionalText(envelope.sender?.text)
        writer.flag(envelope.isEightBit)
        writer.flag(envelope.hasInternationalHeader)
        writer.optionalText(envelope.returned?.rawValue)
        writer.optionalText(envelope.envelopeID)
        writer.integer(UInt32(envelope.recipients.count))
        for recipient in envelope.recipients {
            writer.text(recipient.address.text)
            writer.integer(recipient.notify?.rawValue ?? unsaid)
            writer.flag(recipient.original != nil)
            if let original = recipient.original {
                writer.text(original.addressType)
                writer.text(original.address)
            }
        }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws(MalformedBytes) -> OutgoingEnvelope {
        var reader = ByteReader(bytes)
        let sender = try reader.optionalText()
        var envelope = OutgoingEnvelope(
            sender: nil, recipients: [OutgoingEnvelope.Recipient](), isEightBit: try reader.flag(),
            hasInternationalHeader: try reader.flag())
        envelope.sender = try sender.map { text throws(MalformedBytes) in try address(text) }
        envelope.returned = try reader.optionalText().map { text throws(MalformedBytes) in
            guard let returned = DSNReturn(rawValue: text) else { throw MalformedBytes() }
            return returned
        }
        envelope.envelopeID = try reader.optionalText()
        for _ in 0..<(try reader.count(size: 6)) {
            var recipient = OutgoingEnvelope.Recipient(try address(try reader.text()))
            let notify = try reader.integer(UInt8.self)
            if notify != unsaid { recipient.notify = DSNNotify(rawValue: notify) }
            if try reader.flag() {
                let (type, text) = (try reader.text(), try reader.text())
                guard let original = OriginalRecipient(addressType: type, address: text) else { throw MalformedBytes() }
                recipient.original = original
            }
            envelope.recipients.append(recipient)
        }
        guard reader.isAtEnd else { throw MalformedBytes() }
        return envelope
    }

    static func address(_ text: String) throws(MalformedBytes) -> MailAddress {
        guard let address = try? MailAddress(text, internationalized: true) else { throw MalformedBytes() }
        return address
    }
}
