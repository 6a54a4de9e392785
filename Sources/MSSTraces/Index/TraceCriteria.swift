public import MSSCore

/// A query as people write it: words that commands read from a command line, send over a socket and turn into a
/// ``TraceQuery``.
public struct TraceCriteria: Sendable, Hashable, Codable {
    /// The address of the mailbox concerned.
    public var mailbox: String?
    /// The address of a sender or recipient.
    public var correspondent: String?
    /// The operator's identifier of a message.
    public var message: String?
    /// The identifier of the author, or of who gave a delegation.
    public var person: String?
    /// The code of an action, for example `message.receive`.
    public var action: String?
    /// A date, or a date and time; included.
    public var from: String?
    /// The same; excluded.
    public var until: String?
    /// `fonctionnelle` or `technique`; both when it is not given.
    public var family: String?

    /// No condition.
    public init() {}

    /// Why words are no query.
    public enum Fault: ExplainedFailure, Hashable {
        /// No mail address.
        case address(String)
        /// No date, nor date and time.
        case time(String)
        /// No journal of this name.
        case family(String)
        /// The code is no action, or one of both journals.
        case action(String)
        /// Neither incident, dispute, authority nor operation.
        case purpose(String)

        /// EX_GDT_5010.
        public var requirement: RequirementID? { "EX_GDT_5010" }

        /// The French sentence for the reader.
        public var explanation: String {
            switch self {
            case .address(let text): "« \(text) » n'est pas une adresse électronique."
            case .time(let text):
                "« \(text) » n'est ni une date ni une date et heure (2026-11-21, 2026-11-21T08:00:00Z)."
            case .family(let text): "« \(text) » n'est pas un journal : fonctionnelle ou technique."
            case .action(let text): "L'action « \(text) » demande que le journal soit précisé."
            case .purpose(let text):
                "« \(text) » n'est pas un motif : incident:RÉF, litige:RÉF, autorite:RÉF ou exploitation:RAISON."
            }
        }

        /// English, for logs.
        public var description: String {
            switch self {
            case .address: "not an address"
            case .time: "not a time"
            case .family: "not a family"
            case .action: "not an action of one family"
            case .purpose: "not a purpose"
            }
        }
    }

    /// The query.
    public func query(limit: Int = 100) throws(Fault) -> TraceQuery {
        let families: Set<TraceFamily>
        switch family {
        case nil: families = Set(TraceFamily.allCases)
        case "fonctionnelle": families = [.functional]
        case "technique": families = [.technical]
        case let other?: throw .family(other)
        }
        var kind: TraceAction?
        if let action {
            // A code does not tell its journal: one family at a time, when an action is asked for.
            let known = TraceAction.known.first { $0.code == action }?.family
            guard let family = families.count == 1 ? families.first : known, let made = TraceAction(family, action)
            else { throw .action(action) }
            kind = made
        }
        return TraceQuery(
            mailbox: try address(mailbox), correspondent: try address(correspondent), message: message, person: person,
            action: kind, from: try time(from), until: try time(until), families: families, limit: limit)
    }

    private func address(_ text: String?) throws(Fault) -> MailAddress? {
        guard let text else { return nil }
        guard let address = try? MailAddress(text) else { throw .address(text) }
        return address
    }

    private func time(_ text: String?) throws(Fault) -> Timestamp? {
        guard let text else { return nil }
        let whole = text.utf8.count == 10 ? text + "T00:00:00Z" : text
        guard let time = try? Timestamp(xsdDateTime: whole) else { throw .time(text) }
        return time
    }
}

extension TracePurpose {
    /// A purpose as it is written on a command line: `incident:RÉF`, `litige:RÉF`, `autorite:RÉF`, `exploitation:RAISON`.
    public init(words text: String) throws(TraceCriteria.Fault) {
        let parts = text.split(separator: ":", maxSplits: 1).map { String($0) }
        guard parts.count == 2 else { throw .purpose(text) }
        switch parts[0] {
        case "incident": self = .incident(parts[1])
        case "litige": self = .dispute(parts[1])
        case "autorite", "autorité": self = .authority(parts[1])
        case "exploitation": self = .operation(parts[1])
        default: throw .purpose(text)
        }
    }
}
