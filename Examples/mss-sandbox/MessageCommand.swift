import ArgumentParser
import Foundation
import MSSMessage
import MSSTestKit

struct MessageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message",
        abstract: "Écrit un message d'essai sur la sortie standard, prêt pour « mss-operator envoyer ».")

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case plain = "simple"
        case large = "gros"
        case structured = "xdm"
        case infected = "eicar"
    }

    /// Octets of an attachment that make a message of nearly 10 Mo once encoded (EX_GBM_4410).
    private static let largeAttachment = 7_250_000

    @Argument(help: "simple, gros (10 Mo), xdm (document CDA d'un patient inventé) ou eicar (faux virus).") var kind:
        Kind
    @Option(help: "L'adresse de l'émetteur.") var from: String
    @Option(help: "L'adresse d'un destinataire ; peut être répété.") var to: [String]
    @Option(help: "L'objet ; celui d'un message xdm vient de son document.") var subject = "Message d'essai"

    func run() throws {
        let (author, readers) = (Mailbox(address: from), to.map { Mailbox(address: $0) })
        let message: OutgoingMessage
        switch kind {
        case .structured:
            var structured = StructuredMessage(
                from: author, to: readers, text: "Veuillez trouver le compte rendu de notre patient.",
                producer: StructuredMessage.Producer(
                    softwareNumber: "BAC-1", oid: "1.2.250.1.999.9", name: "Bac à sable MSSanté"))
            try structured.add(cda: SampleCDA().bytes, pdf: SamplePDF.onePage)
            message = try structured.compose().message
        case .plain:
            message = OutgoingMessage(
                from: author, to: readers, subject: subject, content: .text("Bonjour,\n\nCeci est un essai.\n"))
        case .large:
            var random = SystemRandomNumberGenerator()
            let octets = (0..<Self.largeAttachment / 8).flatMap { _ in
                withUnsafeBytes(of: random.next()) { Array($0) }
            }
            message = Self.message(author, readers, subject, "imagerie.bin", octets)
        case .infected:
            message = Self.message(author, readers, subject, "facture.com", Array(ClamdPeer.eicar.utf8))
        }
        var writer = try MessageWriter(message)
        try FileHandle.standardOutput.write(contentsOf: Data(writer.bytes()))
    }

    private static func message(
        _ author: Mailbox, _ readers: [Mailbox], _ subject: String, _ name: String, _ octets: [UInt8]
    ) -> OutgoingMessage {
        OutgoingMessage(
            from: author, to: readers, subject: subject,
            content: .mixed(.text("Ci-joint.\n"), attachments: [.attachment(name, ContentSource(octets))]))
    }
}
