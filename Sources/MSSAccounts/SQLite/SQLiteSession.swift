import GRDB
import MSSCore
import MSSJSON

/// One read or write of the SQLite base. Confined to the body it was made for, which runs on the connection's queue.
final class SQLiteSession {
    let database: Database
    private var revisionOfThisWrite: Int64?

    init(_ database: Database) { self.database = database }

    func rows(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?]) throws -> [Row] {
        try Row.fetchAll(try database.cachedStatement(sql: sql), arguments: StatementArguments(arguments))
    }

    func row(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?]) throws -> Row? {
        try Row.fetchOne(try database.cachedStatement(sql: sql), arguments: StatementArguments(arguments))
    }

    func execute(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws {
        _ = try nextRevision()
        try database.cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
    }

    /// The revision of this write, which its first change makes.
    func nextRevision() throws -> Int64 {
        if let revisionOfThisWrite { return revisionOfThisWrite }
        let revision = try count("revision")
        revisionOfThisWrite = revision
        return revision
    }

    /// Adds one to a counter.
    func count(_ counter: String) throws -> Int64 {
        let sql = "UPDATE counter SET value = value + 1 WHERE name = ? RETURNING value"
        guard let row = try row(sql, [counter]) else { throw AccountStoreError.damagedRow("counter") }
        var reader = RowReader(row, table: "counter")
        return try reader.integer()
    }

    func raise(_ counter: String, to value: Int64) throws {
        try execute("UPDATE counter SET value = max(value, ?) WHERE name = ?", [value, counter])
    }
}

// MARK: Structures and persons

extension SQLiteSession {
    /// Ranges that hold the numbers and little else: two mailboxes far apart must not make all between them be read.
    static func runs(_ numbers: [Int64]) -> [ClosedRange<Int64>] {
        var runs: [ClosedRange<Int64>] = []
        for number in numbers.sorted() {
            if let last = runs.last, number - last.upperBound <= 32 {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs
    }

    func structure(_ identifier: StructureIdentifier) throws -> Structure? {
        try row("SELECT * FROM structure WHERE identifier = ?", [identifier.text]).map(SQLiteSession.structure)
    }

    func structures() throws -> [Structure] {
        try rows("SELECT * FROM structure ORDER BY identifier", []).map(SQLiteSession.structure)
    }

    private static func structure(_ row: Row) throws -> Structure {
        var reader = RowReader(row, table: "structure")
        guard let identifier = try reader.optionalStructure() else { throw reader.damaged }
        let name = try reader.text()
        let entity = try reader.optionalText().flatMap { FINESS.Entity(rawValue: $0) }
        return Structure(
            identifier: identifier, name: name, entity: entity, parent: try reader.optionalStructure(),
            isAlsoInFINESS: try reader.flag())
    }

    private static let personColumns = """
        id, identity, given_name, family_name, entitled, acts_for_structure, professions, contact, authorised,
        reviewed_at, last_authentication, terms_version, terms_at
        """

    func person(_ id: PersonID) throws -> Person? {
        try persons("WHERE id = ?", [id.rawValue]).first
    }

    func person(known identity: PersonIdentity) throws -> Person? {
        try persons("WHERE identity = ?", [identity.text]).first
    }

    func persons(after id: PersonID, limit: Int) throws -> [Person] {
        try persons("WHERE id > ? ORDER BY id LIMIT ?", [id.rawValue, max(0, limit)])
    }

    func persons(changedAfter revision: Int64) throws -> [Person] {
        try persons("WHERE revision > ? ORDER BY id", [revision])
    }

    private func persons(_ condition: String, _ arguments: [(any DatabaseValueConvertible)?]) throws -> [Person] {
        var persons = try rows("SELECT \(SQLiteSession.personColumns) FROM person \(condition)", arguments)
            .map(SQLiteSession.person)
        let sql = """
            SELECT person, manages, structure FROM person_structure WHERE person BETWEEN ? AND ?
            ORDER BY person, manages, position
            """
        let places = Dictionary(uniqueKeysWithValues: persons.indices.map { (persons[$0].id.rawValue, $0) })
        let runs = SQLiteSession.runs(persons.map(\.id.rawValue))
        for row in try runs.flatMap({ try rows(sql, [$0.lowerBound, $0.upperBound]) }) {
            var reader = RowReader(row, table: "person_structure")
            guard let place = places[try reader.integer()] else { continue }
            let manages = try reader.flag()
            guard let structure = try reader.optionalStructure() else { throw reader.damaged }
            if manages {
                persons[place].managedStructures.append(structure)
            } else {
                persons[place].structures.append(structure)
            }
        }
        return persons
    }

    private static func person(_ row: Row) throws -> Person {
        var reader = RowReader(row, table: "person")
        let id = PersonID(try reader.integer())
        guard let identity = try? PersonIdentity(try reader.text()) else { throw reader.damaged }
        var person = Person(
            id: id, identity: identity, givenName: try reader.text(), familyName: try reader.text())
        person.isEntitled = try reader.flag()
        person.actsForStructure = try reader.flag()
        guard let items = try? JSONReader.read(Array(try reader.text().utf8)).items else { throw reader.damaged }
        person.professions = items.compactMap(\.text)
        person.contact = try reader.optionalText()
        person.isAuthorised = try reader.flag()
        person.reviewedAt = try reader.optionalTime()
        person.lastAuthentication = try reader.optionalTime()
        let version = try reader.optionalText()
        if let version, let at = try reader.optionalTime() {
            person.acceptedTerms = TermsAcceptance(version: version, at: at)
        }
        return person
    }

    func acceptances(by person: PersonID) throws -> [TermsAcceptance] {
        try rows("SELECT version, at FROM acceptance WHERE person = ? ORDER BY number", [person.rawValue]).map { row in
            var reader = RowReader(row, table: "acceptance")
            return TermsAcceptance(version: try reader.text(), at: try reader.time())
        }
    }

    func nextPersonID() throws -> PersonID {
        _ = try nextRevision()
        return PersonID(try count("person"))
    }

    func save(_ structure: Structure) throws {
        try execute(
            """
            INSERT INTO structure (identifier, name, entity, parent, also_finess) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (identifier) DO UPDATE SET name = excluded.name, entity = excluded.entity,
                parent = excluded.parent, also_finess = excluded.also_finess
            """,
            [
                structure.identifier.text, structure.name, structure.entity?.rawValue, structure.parent?.text,
                structure.isAlsoInFINESS,
            ])
    }

    func save(_ person: Person) throws {
        let revision = try nextRevision()
        try execute(
            """
            INSERT INTO person (\(SQLiteSession.personColumns), revision)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET identity = excluded.identity, given_name = excluded.given_name,
                family_name = excluded.family_name, entitled = excluded.entitled,
                acts_for_structure = excluded.acts_for_structure, professions = excluded.professions,
                contact = excluded.contact, authorised = excluded.authorised, reviewed_at = excluded.reviewed_at,
                last_authentication = excluded.last_authentication, terms_version = excluded.terms_version,
                terms_at = excluded.terms_at, revision = excluded.revision
            """,
            [
                person.id.rawValue, person.identity.text, person.givenName, person.familyName, person.isEntitled,
                person.actsForStructure, JSONText.array(person.professions), person.contact, person.isAuthorised,
                person.reviewedAt?.storedNanoseconds, person.lastAuthentication?.storedNanoseconds,
                person.acceptedTerms?.version, person.acceptedTerms?.at.storedNanoseconds, revision,
            ])
        try execute("DELETE FROM person_structure WHERE person = ?", [person.id.rawValue])
        for (manages, structures) in [(false, person.structures), (true, person.managedStructures)] {
            for (position, structure) in structures.enumerated() {
                try execute(
                    "INSERT INTO person_structure (person, manages, position, structure) VALUES (?, ?, ?, ?)",
                    [person.id.rawValue, manages, position, structure.text])
            }
        }
        try raise("person", to: person.id.rawValue)
    }

    func append(_ acceptance: TermsAcceptance, by person: PersonID) throws {
        try execute(
            "INSERT INTO acceptance (person, version, at) VALUES (?, ?, ?)",
            [person.rawValue, acceptance.version, acceptance.at.storedNanoseconds])
    }
}
