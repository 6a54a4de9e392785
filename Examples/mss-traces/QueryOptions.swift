import ArgumentParser
import MSSCore
import MSSTraces

/// What to look for; all conditions hold together.
struct QueryOptions: ParsableArguments {
    @Option(name: .customLong("boite"), help: "Adresse de la boîte aux lettres concernée.", transform: Word.address)
    var mailbox: MailAddress?
    @Option(name: .customLong("correspondant"), help: "Émetteur ou destinataire.", transform: Word.address)
    var correspondent: MailAddress?
    @Option(name: .customLong("message"), help: "Identifiant interne d'un message.") var message: String?
    @Option(name: .customLong("personne"), help: "Identifiant de l'auteur, ou de qui lui a donné délégation.")
    var person: String?
    @Option(name: .customLong("action"), help: "Type d'action, par exemple message.receive ou session.connect.")
    var action: String?
    @Option(
        name: .customLong("depuis"), help: "Date ou date et heure (2026-11-21, 2026-11-21T08:00:00Z).",
        transform: Word.time)
    var from: Timestamp?
    @Option(name: .customLong("avant"), help: "De même ; exclue.", transform: Word.time) var until: Timestamp?
    @Option(name: .customLong("famille"), help: "fonctionnelle ou technique ; les deux par défaut.") var family: Family?

    enum Family: String, ExpressibleByArgument {
        case fonctionnelle, technique
    }

    func query(limit: Int = 100) throws -> TraceQuery {
        let families: Set<TraceFamily> =
            switch family {
            case .fonctionnelle?: [.functional]
            case .technique?: [.technical]
            case nil: Set(TraceFamily.allCases)
            }
        // A code does not tell its journal: one family at a time, when an action is asked for.
        var kind: TraceAction?
        if let action {
            guard let family = families.count == 1 ? families.first : TraceAction.family(of: action),
                let made = TraceAction(family, action)
            else { throw ValidationError("L'action « \(action) » demande --famille.") }
            kind = made
        }
        return TraceQuery(
            mailbox: mailbox, correspondent: correspondent, message: message, person: person, action: kind, from: from,
            until: until, families: families, limit: limit)
    }
}

extension TraceAction {
    /// The family of an action of the Référentiel, by its code.
    fileprivate static func family(of code: String) -> TraceFamily? { known.first { $0.code == code }?.family }
}

/// Words of the command line as values.
private enum Word {
    static func address(_ text: String) throws -> MailAddress {
        guard let address = try? MailAddress(text) else {
            throw ValidationError("« \(text) » n'est pas une adresse électronique.")
        }
        return address
    }

    static func time(_ text: String) throws -> Timestamp {
        let whole = text.utf8.count == 10 ? text + "T00:00:00Z" : text
        guard let time = try? Timestamp(xsdDateTime: whole) else {
            throw ValidationError("« \(text) » n'est ni une date ni une date et heure.")
        }
        return time
    }
}
