import ArgumentParser
import MSSOperator
import MSSTraces

/// Puts a damaged queue into service again.
struct QueueRescueCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recuperer",
        abstract: "Remet en service une file endommagée, avec tout ce qui se lit ; le service doit être arrêté.",
        discussion: """
            Les messages lisibles gardent leur nom, leur date et leurs tentatives. Ceux qui ne le sont plus sont nommés, avec \
            leur émetteur et leurs destinataires quand l'enveloppe se lit : prévenez-les. Les fichiers endommagés restent à \
            côté. La récupération et chaque perte sont tracées à votre nom. D'une file intacte, rien n'est changé. Il faut la \
            place des messages en attente une seconde fois. Sortie : 0 aucun message connu n'est perdu \
            et tout est tracé, 1 sinon.
            """)
    @Option(name: .customLong("par"), help: "Votre identifiant d'administrateur (EX_SSI_5155).") var person: String
    @OptionGroup var local: LocalOptions

    func run() async throws {
        try await explained {
            let report = try await QueueRescue(try local.settings()).run(by: TracePerson(identifier: person))
            try local.show(report) { lines(report) }
            if !report.lost.isEmpty || report.untraced != nil { throw ExitCode(1) }
        }
    }

    private func lines(_ report: QueueRescueReport) -> [String] {
        guard report.wasDamaged else { return ["La file est intacte : \(report.messages) messages en attente."] }
        var lines = report.damages.map { "Dommage : \($0)" }
        lines.append("\(report.messages) messages sont de nouveau en attente.")
        for lost in report.lost {
            lines.append("PERDU : \(lost.id), arrivé le \(lost.arrival), \(lost.size) octets")
            lines.append(
                lost.hasEnvelope
                    ? "  de \(lost.sender ?? "personne (avis)") à \(lost.recipients.joined(separator: ", "))"
                    : "  enveloppe illisible ; domaines : \(lost.domains.joined(separator: ", "))")
        }
        if !report.lost.isEmpty { lines.append("Prévenez les émetteurs : ces messages n'arriveront pas.") }
        if !report.damages.isEmpty {
            lines.append(
                "S'il s'y trouvait d'autres messages, seules les traces les connaissent : reçus, jamais remis.")
        }
        if let reason = report.untraced {
            lines.append("NON TRACÉ : \(reason) Notez vous-même ce qui précède (EX_GDT_5040).")
        }
        if let folder = report.folder { lines.append("Les fichiers endommagés sont dans \(folder).") }
        return lines
    }
}
