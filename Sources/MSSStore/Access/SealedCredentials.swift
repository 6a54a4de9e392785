import Foundation
import GRDB
public import MSSCore
public import MSSProSanteConnect

/// The credentials of the operator's own method (RE_LPS_0100), in one SQLite file beside the accounts.
///
/// A one-time password's secret must be read back, so a copy of the file would be a copy of it: hash and secret of each
/// person are encrypted together under the master key, bound to the person's name.
public final class SealedCredentials: AlternativeCredentialStore {
    /// An enrolment, without its secrets.
    public struct Enrolment: Sendable, Hashable {
        /// The national identifier.
        public var person: String
        /// When it was made.
        public var made: Timestamp
        /// When a code was last used; `nil` when none was.
        public var lastUsed: Timestamp?
    }

    /// The file.
    public let path: String
    private let pool: DatabasePool
    private let master: StoreMasterKey

    private init(_ path: String, _ master: StoreMasterKey) throws {
        self.path = path
        self.master = master
        pool = try StoreDatabase.open(path, applicationID: CredentialSchema.applicationID, CredentialSchema.migrator)
    }

    /// Opens the credentials, making the file when there is none. Several processes may have it open.
    ///
    /// - Throws: ``StoreError``: `notAStore` for another kind of file, `damaged`, `diskFull`.
    public static func open(_ path: String, master: StoreMasterKey) async throws -> SealedCredentials {
        try await offPool { try SealedCredentials(path, master) }
    }

    /// Ends every connection. What is asked later fails.
    public func close() async { _ = try? await offPool { [pool] in StoreDatabase.close(pool) } }

    /// Copies the credentials as they are now to another file, while they are in use.
    public func backUp(to path: String) async throws {
        try await offPool { [pool] in try StoreDatabase.backUp(pool, to: path) }
    }

    private func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await pool.write(body) } catch { throw StoreError.of(error, path) }
    }

    private func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await pool.read(body) } catch { throw StoreError.of(error, path) }
    }

    // MARK: Enrolment

    /// Enrols a person, or replaces what she had; durable when it returns.
    public func enrol(_ credential: AlternativeCredential, at now: Timestamp) async throws {
        let sealed = Data(try SealedCredentials.sealed(credential, master))
        try await write { database in
            try database.run(
                """
                INSERT INTO credential (person, sealed, made, step) VALUES (?, ?, ?, NULL)
                ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed, made = excluded.made, step = NULL
                """, [credential.person, sealed, now.stored])
        }
    }

    /// Takes a person's credential away.
    ///
    /// - Returns: whether there was one.
    public func remove(_ person: String) async throws -> Bool {
        try await write { database in
            try database.run("DELETE FROM credential WHERE person = ?", [person])
            return database.changesCount > 0
        }
    }

    /// Who is enrolled, by identifier.
    public func enrolments() async throws -> [Enrolment] {
        try await read { database in
            try database.all("SELECT person, made, used FROM credential ORDER BY person").map {
                Enrolment(
                    person: $0[0], made: Timestamp(stored: $0[1]),
                    lastUsed: ($0[2] as Int64?).map { Timestamp(stored: $0) })
            }
        }
    }

    /// Reads every credential.
    ///
    /// - Returns: how many there are, and the persons whose credential this master key does not open.
    public func verify() async throws -> (count: Int, damaged: [String]) {
        let persons = try await enrolments().map(\.person)
        var damaged: [String] = []
        for person in persons {
            do { _ = try await credential(of: person) } catch StoreError.damaged { damaged.append(person) }
        }
        return (persons.count, damaged)
    }

    // MARK: Logins

    /// The credential of a person.
    ///
    /// - Throws: ``StoreError``: `damaged` for one that this master key does not open.
    public func credential(of person: String) async throws -> AlternativeCredential? {
        let sealed: Data? = try await read { database in
            try database.one("SELECT sealed FROM credential WHERE person = ?", [person]).map { $0[0] }
        }
        guard let sealed else { return nil }
        guard let credential = try SealedCredentials.opened([UInt8](sealed), person, master) else {
            throw StoreError.damaged(path: path, offset: 0, reason: "credential")
        }
        return credential
    }

    /// Uses up a time step, once whatever happens: in one statement, on the disk when it returns.
    public func use(step: Int64, of person: String) async throws -> Bool {
        let now = SystemWallClock().now().stored
        return try await write { database in
            try database.run(
                "UPDATE credential SET step = ?, used = ? WHERE person = ? AND (step IS NULL OR step < ?)",
                [step, now, person, step])
            return database.changesCount > 0
        }
    }

    // MARK: Sealing

    private static func context(_ person: String) -> [UInt8] { Array("mss-acces-1\0\(person)".utf8) }

    /// Nonce, ciphertext, tag.
    private static func sealed(
        _ credential: AlternativeCredential, _ master: StoreMasterKey
    ) throws(StoreError) -> [UInt8] {
        let code = credential.oneTimePassword
        var writer = ByteWriter()
        writer.text(credential.password.text)
        writer.integer(UInt16(code.digest.rawValue))
        writer.integer(UInt8(code.digits))
        writer.integer(code.period)
        writer.blob(code.secret)
        let plain = writer.bytes
        let nonce = try SealingNonce.random()
        var sealed = [UInt8](repeating: 0, count: SealingKey.nonceCount + plain.count + SealingKey.tagCount)
        nonce.withBytes { for index in 0..<SealingKey.nonceCount { sealed[index] = $0[index] } }
        try context(credential.person).withBytes { aad throws(StoreError) in
            try plain.withBytes { plain throws(StoreError) in
                try sealed.withMutableBytes { sealed throws(StoreError) in
                    let start = sealed.baseAddress! + SealingKey.nonceCount  // not empty: a nonce and a tag at least
                    try master.key.seal(plain, nonce: nonce, aad: aad, to: start, tag: start + plain.count)
                }
            }
        }
        return sealed
    }

    private static func opened(
        _ sealed: [UInt8], _ person: String, _ master: StoreMasterKey
    ) throws(StoreError) -> AlternativeCredential? {
        let size = sealed.count - SealingKey.nonceCount - SealingKey.tagCount
        guard size > 0 else { return nil }
        let nonce = SealingNonce(sealed[..<SealingKey.nonceCount])
        var plain = [UInt8](repeating: 0, count: size)
        let fits = try context(person).withBytes { aad throws(StoreError) in
            try sealed.withBytes { sealed throws(StoreError) in
                try plain.withMutableBytes { plain throws(StoreError) in
                    let body = UnsafeRawBufferPointer(
                        rebasing: sealed[SealingKey.nonceCount..<SealingKey.nonceCount + size])
                    return try master.key.unseal(
                        body, nonce: nonce, aad: aad, to: plain.baseAddress!,  // `size` is above zero
                        tag: sealed.baseAddress! + SealingKey.nonceCount + size)
                }
            }
        }
        guard fits else { return nil }
        var reader = ByteReader(plain)
        guard let text = try? reader.text(), let hash = PasswordHash(text: text),
            let digest = try? reader.integer(UInt16.self), let kind = OneTimePassword.Digest(rawValue: Int(digest)),
            let digits = try? reader.integer(UInt8.self), let period = try? reader.integer(Int64.self),
            let secret = try? reader.blob(),
            let code = OneTimePassword(secret: secret, digest: kind, digits: Int(digits), period: period)
        else { return nil }
        return AlternativeCredential(person: person, password: hash, oneTimePassword: code)
    }
}

/// The table, as the steps that made it. A step that was ever released is never edited: a new one is added.
enum CredentialSchema {
    /// `PRAGMA application_id`: « MSSA ».
    static let applicationID: Int64 = 0x4D53_5341

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-credentials") { database in
            try database.execute(
                sql: """
                    CREATE TABLE credential (
                        person TEXT PRIMARY KEY, sealed BLOB NOT NULL, made INTEGER NOT NULL, step INTEGER, used INTEGER
                    ) STRICT, WITHOUT ROWID;
                    PRAGMA application_id = \(applicationID);
                    """)
        }
        return migrator
    }
}
