public import MSSCore

/// What the Annuaire Santé says of a person.
public struct DirectoryPerson: Sendable, Hashable {
    /// The national identifier.
    public var identifier: PersonIdentifier
    /// The given name.
    public var givenName: String
    /// The family name.
    public var familyName: String
    /// The professions, as codes of the directory.
    public var professions: [String]

    /// A person of the directory.
    public init(identifier: PersonIdentifier, givenName: String, familyName: String, professions: [String]) {
        self.identifier = identifier
        self.givenName = givenName
        self.familyName = familyName
        self.professions = professions
    }
}

extension Accounts {
    /// Takes over what the directory says of persons that the base knows (EX_2.1_5010): each difference is an operation
    /// with its trace, what already agrees costs a look-up. Persons unknown to the base are passed over: being in the
    /// directory makes nobody a user.
    ///
    /// - Returns: the persons who were changed.
    @discardableResult
    public func synchronise(_ entries: some Sequence<DirectoryPerson>) async throws -> [PersonID] {
        var changed: [PersonID] = []
        for entry in entries {
            let identity = PersonIdentity.national(entry.identifier)
            guard var person = try await repository.read({ try $0.person(known: identity) }) else { continue }
            let before = person
            person.givenName = entry.givenName
            person.familyName = entry.familyName
            person.professions = entry.professions
            guard person != before else { continue }
            try await perform(.updatePerson(person), by: .system)
            changed.append(person.id)
        }
        return changed
    }
}
