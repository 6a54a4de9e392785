import MSSCore
import MSSMessage
import MSSSMTP

/// What sender and recipients are told of an attachment that was taken out (EX_SSI_5090, EX_SSI_5120).
enum RemovalNotice {
    /// The part that stands where the attachment stood, its header included.
    static func part(_ removed: RemovedAttachment) throws -> [UInt8] {
        let text = """
            La pièce jointe \(name(removed)) a été retirée de ce message : un contenu malveillant y a été détecté \
            (\(findings(removed))).\r\nElle n'a pas été transmise. L'émetteur en a été informé.\r\n
            """
        var part = OutgoingPart.text(text)
        part.disposition = ContentDisposition("inline", ["filename": "piece-jointe-retiree.txt"])
        return try part.encoded()
    }

    /// The message to the sender, from nobody.
    static func notice(
        to sender: MailAddress, from author: Mailbox, about removed: [RemovedAttachment], header: HeaderBlock,
        recipients: [MailAddress], clock: any WallClock
    ) throws -> NewDelivery {
        var text =
            "Bonjour,\n\nVotre message\(subject(header)) a été transmis sans la ou les pièces jointes suivantes, dans "
            + "lesquelles un contenu malveillant a été détecté :\n\n"
        for one in removed { text += "  - \(name(one)) : \(findings(one))\n" }
        text += "\nDestinataires :\n\n"
        for recipient in recipients { text += "  - \(recipient.withoutPatientIdentity.text)\n" }
        text +=
            "\nLes destinataires en ont été informés. Ne renvoyez pas ces pièces jointes et prévenez votre service "
            + "informatique.\n\nCet avis a été rédigé automatiquement ; n'y répondez pas.\n"
        var message = OutgoingMessage(
            from: author, to: [Mailbox(sender)], subject: "Pièce jointe non transmise : contenu malveillant détecté",
            content: .text(text))
        message.fields.append(OutgoingField("Auto-Submitted", .tokens("auto-generated")))
        if let id = header.messageID {
            message.inReplyTo = [id]
            message.references = [id]
        }
        return try OperatorMail.delivery(message, to: sender, clock: clock)
    }

    private static func subject(_ header: HeaderBlock) -> String {
        header.subject.map { " « \(oneLine($0)) »" } ?? ""
    }

    private static func name(_ removed: RemovedAttachment) -> String {
        removed.filename.map { "« \(oneLine($0)) »" } ?? "sans nom"
    }

    private static func findings(_ removed: RemovedAttachment) -> String {
        oneLine(removed.findings.joined(separator: ", "))
    }

    /// A text that others wrote, bounded and without controls.
    private static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(200).map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: " "
                    default: scalar
                    }
                }))
    }
}
