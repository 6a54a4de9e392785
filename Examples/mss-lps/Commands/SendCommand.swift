import ArgumentParser
import Foundation
import MSSCore
import MSSMessage
import MSSSMTP
import NIOCore

/// Step 3: a message leaves (TM5.2P, TM5.4P): text, files, or a CDA document with its PDF as an IHE XDM archive.
struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "send", abstract: "Envoie un message.")
    @Option(name: .customLong("a"), help: "Un destinataire ; peut être répété.") var recipients: [String]
    @Option(name: .customLong("objet"), help: "L'objet ; celui d'un document CDA vient de lui.") var subject = ""
    @Option(name: .customLong("texte"), help: "Le texte.") var text = ""
    @Option(name: .customLong("fichier"), help: "Une pièce jointe ; peut être répétée.") var files: [String] = []
    @Option(help: "Un document CDA, envoyé en IHE XDM ; avec --pdf.") var cda: String?
    @Option(help: "Le PDF du même document.") var pdf: String?
    @Flag(name: .customLong("copie"), help: "Garde une copie dans les messages envoyés.") var keepsCopy = false
    @OptionGroup var options: SessionOptions

    func validate() throws {
        guard !recipients.isEmpty, (cda == nil) == (pdf == nil) else {
            throw ValidationError("Il faut un destinataire, et --cda avec --pdf.")
        }
    }

    func run() async throws {
        try await ToldFailure.explaining {
            try await Door.with(options) { door in try await send(through: door) }
        }
    }

    private func send(through door: Door) async throws {
        var message = try compose(from: door.session.address)
        // The operator keeps the copy: the message need not be sent twice over the line.
        if keepsCopy { message.fields.append(OutgoingField("Fcc", .text("Sent"))) }
        var writer = try MessageWriter(message)
        let bytes = try writer.bytes()
        let envelope = OutgoingEnvelope(
            sender: try MailAddress(door.session.address), recipients: try recipients.map { try MailAddress($0) },
            isEightBit: writer.needsEightBitMIME)
        let result = try await door.send(SMTPOutgoingMessage(envelope, SMTPContent(bytes)))
        for outcome in result.outcomes {
            // Each recipient has an outcome of its own: some may have the message while others were refused.
            say("\(outcome.recipient.text) : \(outcome.failure?.explanation ?? "pris en charge")")
        }
        if !result.failures.isEmpty { throw ExitCode(1) }
    }

    private func compose(from address: String) throws -> OutgoingMessage {
        let (author, readers) = (Mailbox(address: address), recipients.map { Mailbox(address: $0) })
        func octets(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }
        if let cda, let pdf {
            // The archive, the readable subject and the X-MSS- fields are the library's work (§4.7).
            var structured = StructuredMessage(
                from: author, to: readers, text: text,
                producer: .init(softwareNumber: "MSS-LPS-1", oid: "1.2.250.1.999.9", name: "mss-lps"))
            try structured.add(cda: try octets(cda), pdf: try octets(pdf))
            return try structured.compose().message
        }
        let attachments = try files.map { path in
            OutgoingPart.attachment(URL(fileURLWithPath: path).lastPathComponent, ContentSource(try octets(path)))
        }
        return OutgoingMessage(
            from: author, to: readers, subject: subject, content: .mixed(.text(text + "\n"), attachments: attachments))
    }
}
