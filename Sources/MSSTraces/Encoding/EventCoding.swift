import MSSCore

/// An event as two JSON texts. `facts` holds what remains when a record is anonymised; `personal` everything that
/// leads to a person. The names of the members are the journal's format: they never change.
struct EncodedEvent: Sendable, Hashable {
    var facts: [UInt8]
    var personal: [UInt8]
}

extension TraceEvent {
    /// The event in the journal's form; `time` stands in when it has none.
    func encoded(time written: Timestamp) -> EncodedEvent {
        let time = time ?? written
        var facts = JSONWriting(capacity: 160)
        facts.member("action", action.code)
        facts.member("time", time.xsdDateTime)
        facts.member("outcome", outcome.rawValue)
        facts.member("author", author.kind)
        facts.member("authentication", authentication?.rawValue)
        facts.member("channel", means.channel)
        facts.member("size", message?.size)
        facts.member("recipients", message?.recipients.count)

        var personal = JSONWriting(capacity: 640)
        switch author {
        case .person(let person), .administrator(let person): personal.members(of: person)
        case .delegate(let person, let principal):
            personal.members(of: person)
            personal.member("principal", principal.identifier)
            personal.member("principalName", principal.name)
        case .application(let name), .peer(let name), .system(let name): personal.member("identifier", name)
        case .unauthenticated(let claimed): personal.member("identifier", claimed)
        }
        personal.member("mailbox", mailbox?.text)
        personal.member("address", means.address)
        personal.member("software", means.software)
        personal.member("system", means.system)
        personal.member("request", request?.text)
        personal.member("reply", reply?.text)
        if let message {
            personal.member("message", message.identifier)
            personal.member("from", message.sender?.text ?? "")
            personal.member("to", message.recipients.lazy.map { $0.text })
            personal.member("subject", message.subject)
        }
        if !changes.isEmpty {
            personal.member("changes", changes.flatMap { [$0.attribute, $0.before, $0.after] })
        }
        return EncodedEvent(facts: facts.finish(), personal: personal.finish())
    }

    /// Reads an event back; `personal` is `nil` once it was erased.
    init?(family: TraceFamily, facts: [UInt8], personal: [UInt8]?) {
        guard let facts = JSONReading.object(facts), let code = facts.text("action"),
            let action = TraceAction(family, code),
            let time = facts.text("time").flatMap({ try? Timestamp(xsdDateTime: $0) }),
            let outcome = facts.text("outcome").flatMap(TraceOutcome.init), let kind = facts.text("author")
        else { return nil }
        let members: [String: JSONField]
        if let personal {
            guard let read = JSONReading.object(personal) else { return nil }
            members = read
        } else {
            members = [:]
        }
        guard let author = TraceAuthor(kind: kind, members) else { return nil }
        self.init(
            action, outcome, by: author, at: time,
            means: TraceMeans(
                software: members.text("software"), system: members.text("system"), channel: facts.text("channel"),
                address: members.text("address")),
            request: members.text("request").map { TraceText(kept: $0) },
            reply: members.text("reply").map { TraceText(kept: $0) })
        if let authentication = facts.text("authentication") {
            guard let known = TraceAuthentication(rawValue: authentication) else { return nil }
            self.authentication = known
        }
        if let mailbox = members.text("mailbox") {
            guard let address = try? MailAddress(mailbox, internationalized: true) else { return nil }
            self.mailbox = address
        }
        if case .list(let flat)? = members["changes"] {
            guard flat.count % 3 == 0 else { return nil }
            for index in stride(from: 0, to: flat.count, by: 3) {
                guard let attribute = flat[index] else { return nil }
                changes.append(TraceChange(attribute, before: flat[index + 1], after: flat[index + 2]))
            }
        }
        guard let message = TraceMessage.read(facts, members) else { return }
        self.message = message
    }
}

extension TraceMessage {
    fileprivate static func read(_ facts: [String: JSONField], _ members: [String: JSONField]) -> TraceMessage? {
        guard let identifier = members.text("message"), let from = members.text("from"),
            case .list(let to)? = members["to"]
        else { return nil }
        var size: Int?
        if case .number(let bytes)? = facts["size"] { size = bytes }
        return TraceMessage(
            identifier: identifier, sender: try? MailAddress(from, internationalized: true),
            recipients: to.compactMap { $0.flatMap { try? MailAddress($0, internationalized: true) } },
            subject: members.text("subject"), size: size)
    }
}

extension TraceAuthor {
    fileprivate init?(kind: String, _ members: [String: JSONField]) {
        let identifier = members.text("identifier")
        let person = TracePerson(identifier: identifier ?? "", name: members.text("name"))
        switch kind {
        case "person": self = .person(person)
        case "delegate":
            self = .delegate(
                person,
                onBehalfOf: TracePerson(
                    identifier: members.text("principal") ?? "", name: members.text("principalName")))
        case "application": self = .application(identifier ?? "")
        case "administrator": self = .administrator(person)
        case "peer": self = .peer(identifier ?? "")
        case "system": self = .system(identifier ?? "")
        case "unauthenticated": self = .unauthenticated(claimed: identifier)
        default: return nil
        }
    }
}

extension JSONWriting {
    fileprivate mutating func members(of person: TracePerson) {
        member("identifier", person.identifier)
        member("name", person.name)
    }
}

extension [String: JSONField] {
    fileprivate func text(_ name: String) -> String? {
        guard case .text(let text)? = self[name] else { return nil }
        return text
    }
}
