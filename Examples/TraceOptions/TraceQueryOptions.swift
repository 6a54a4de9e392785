public import ArgumentParser
public import MSSTraces

/// What to look for, on the command line of every tool that searches traces; all conditions hold together.
public struct TraceQueryOptions: ParsableArguments {
    @Option(name: .customLong("boite"), help: "Adresse de la boîte aux lettres concernée.") var mailbox: String?
    @Option(name: .customLong("correspondant"), help: "Émetteur ou destinataire.") var correspondent: String?
    @Option(name: .customLong("message"), help: "Identifiant interne d'un message.") var message: String?
    @Option(name: .customLong("personne"), help: "Identifiant de l'auteur, ou de qui lui a donné délégation.")
    var person: String?
    @Option(name: .customLong("action"), help: "Type d'action, par exemple message.receive ou session.connect.")
    var action: String?
    @Option(
        name: .customLong("depuis"), help: "Date ou date et heure (2026-11-21, 2026-11-21T08:00:00Z).")
    var from: String?
    @Option(name: .customLong("avant"), help: "De même ; exclue.") var until: String?
    @Option(name: .customLong("famille"), help: "fonctionnelle ou technique ; les deux par défaut.") var family: String?

    /// No condition yet.
    public init() {}

    /// The words, not yet judged.
    public var criteria: TraceCriteria {
        var criteria = TraceCriteria()
        criteria.mailbox = mailbox
        criteria.correspondent = correspondent
        criteria.message = message
        criteria.person = person
        criteria.action = action
        criteria.from = from
        criteria.until = until
        criteria.family = family
        return criteria
    }

    /// Tells at once what is no query.
    public func validate() throws {
        do { _ = try criteria.query() } catch { throw ValidationError(error.explanation) }
    }
}

/// What a verification found, for a reader.
public struct TraceVerificationReport {
    /// The lines, in order.
    public let lines: [String]

    /// The lines of a result.
    ///
    /// - Parameter hasWitness: whether anchors or heads were compared with.
    public init(_ result: TraceVerification, hasWitness: Bool) {
        var lines = result.findings.map { "\($0.isAlarm ? "ANOMALIE" : "Remarque") : \($0.explanation)" }
        lines.append(
            "\(result.records) traces vérifiées, dont \(result.unsealed) depuis le dernier scellé ; \(result.seals) scellés"
                + " signés ; \(result.erased) segments effacés au terme de leur conservation.")
        if !hasWitness, result.unsealed > 0 {
            lines.append(
                "Remarque : sans ancrage ni empreintes, les \(result.unsealed) traces depuis le dernier scellé ne sont pas"
                    + " prouvées contre qui peut écrire dans le dossier.")
        }
        lines.append(
            result.isSound
                ? "Le journal est intact."
                : "Le journal n'est pas intact : \(result.findings.count(where: \.isAlarm)) anomalies.")
        self.lines = lines
    }
}
