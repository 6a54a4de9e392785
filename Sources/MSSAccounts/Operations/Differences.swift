import MSSCore

/// What changed between two values, field by field, as traces keep it.
enum Differences {
    static func of(_ before: Mailbox?, _ after: Mailbox) -> [AccountChange.Field] {
        compare(before.map(fields) ?? [:], fields(after))
    }

    static func of(_ before: Person?, _ after: Person) -> [AccountChange.Field] {
        compare(before.map(fields) ?? [:], fields(after))
    }

    static func of(_ before: Structure?, _ after: Structure) -> [AccountChange.Field] {
        compare(before.map(fields) ?? [:], fields(after))
    }

    private static func compare(_ before: [String: String], _ after: [String: String]) -> [AccountChange.Field] {
        Set(before.keys).union(after.keys).sorted().compactMap { name in
            before[name] == after[name]
                ? nil : AccountChange.Field(name, before: before[name], after: after[name])
        }
    }

    private static func fields(_ mailbox: Mailbox) -> [String: String] {
        var fields = [
            "kind": mailbox.kind.rawValue, "address": mailbox.address.address.text,
            "responsible": String(mailbox.responsible.rawValue), "createdAt": mailbox.createdAt.xsdDateTime,
        ]
        fields["coHolders"] = list(mailbox.coHolders.map { String($0.rawValue) })
        fields["delegations"] = list(mailbox.delegations.map(text))
        fields["structure"] = mailbox.structure?.text
        fields["isShared"] = flag(mailbox.isShared)
        fields["service"] = text(mailbox.service)
        fields["summary"] = text(mailbox.summary)
        fields["phone"] = text(mailbox.phone)
        fields["isUnlistedByChoice"] = flag(mailbox.isUnlistedByChoice)
        fields["quota"] = mailbox.quota.map { String($0) }
        switch mailbox.state {
        case .active: fields["state"] = "active"
        case .suspended(let reason, let since): fields["state"] = "suspended \(since.xsdDateTime) \(reason)"
        case .deleted(let time): fields["state"] = "deleted \(time.xsdDateTime)"
        }
        fields["automaticReply"] = mailbox.automaticReply.map { reply in
            "\(reply.from.xsdDateTime)/\(reply.until?.xsdDateTime ?? "") \(reply.text)"
        }
        fields["forwarding"] = mailbox.forwarding?.address.text
        fields["purgesSentAfterDays"] = mailbox.purgesSentAfterDays.map { String($0) }
        fields["isTest"] = flag(mailbox.isTest)
        fields["isAutomaticReply"] = flag(mailbox.isAutomaticReply)
        let marks = mailbox.marks
        for (name, day) in [
            ("unpublicationWarning", marks.unpublicationWarning), ("unpublished", marks.unpublished),
            ("deletionWarning", marks.deletionWarning), ("quotaNotice", marks.quotaNotice), ("purged", marks.purged),
        ] {
            fields[name] = day.map { Timestamp(seconds: Int64($0) * 86_400).xsdDateTime.prefix(10) }.map { String($0) }
        }
        fields["quotaLevel"] = marks.quotaLevel == 0 ? nil : String(marks.quotaLevel)
        return fields
    }

    private static func fields(_ person: Person) -> [String: String] {
        var fields = [
            "identity": person.identity.text, "givenName": person.givenName, "familyName": person.familyName,
            "isAuthorised": String(person.isAuthorised),
        ]
        fields["isEntitled"] = flag(person.isEntitled)
        fields["actsForStructure"] = flag(person.actsForStructure)
        fields["professions"] = list(person.professions)
        fields["structures"] = list(person.structures.map(\.text))
        fields["managedStructures"] = list(person.managedStructures.map(\.text))
        fields["contact"] = person.contact
        fields["reviewedAt"] = person.reviewedAt?.xsdDateTime
        fields["acceptedTerms"] = person.acceptedTerms.map { "\($0.version) \($0.at.xsdDateTime)" }
        return fields
    }

    private static func fields(_ structure: Structure) -> [String: String] {
        var fields = ["identifier": structure.identifier.text, "name": structure.name]
        fields["entity"] = structure.entity?.rawValue
        fields["parent"] = structure.parent?.text
        fields["isAlsoInFINESS"] = flag(structure.isAlsoInFINESS)
        return fields
    }

    private static func text(_ delegation: Delegation) -> String {
        "\(delegation.delegate.rawValue)>\(delegation.principal.rawValue)"
            + " \(delegation.from.xsdDateTime)/\(delegation.until?.xsdDateTime ?? "")"
            + " \(delegation.mayRead ? "r" : "")\(delegation.maySend ? "s" : "")"
    }

    private static func flag(_ value: Bool) -> String? { value ? "true" : nil }
    private static func text(_ value: String) -> String? { value.isEmpty ? nil : value }
    private static func list(_ values: [String]) -> String? { values.isEmpty ? nil : values.joined(separator: ", ") }
}

/// Bounds of the texts that users type.
enum Texts {
    /// Longest name, description or reason, in octets: twice what the directory takes.
    static let maximum = 640
    /// Longest automatic reply, in octets.
    static let maximumReply = 4_000

    static func check(_ text: String) throws(AccountOperationError) {
        guard text.utf8.count <= maximum,
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw .badText }
    }

    /// A reply has lines; it ends after now.
    static func checkReply(_ reply: AutomaticReply, _ now: Timestamp = Timestamp(seconds: .min))
        throws(AccountOperationError)
    {
        let isText = reply.text.unicodeScalars.allSatisfy {
            $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control
        }
        guard isText, (1...maximumReply).contains(reply.text.utf8.count) else { throw .badText }
        if let until = reply.until, until <= max(now, reply.from) { throw .badNumber }
    }
}
