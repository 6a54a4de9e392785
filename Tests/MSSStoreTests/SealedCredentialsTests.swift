import GRDB
import MSSCore
import MSSProSanteConnect
import MSSTestKit
import Testing

@testable import MSSStore

@Suite("Credentials of the operator's own method, sealed beside the accounts", .serialized)
struct SealedCredentialsTests {
    private static let jeanne = "899700000009"
    private static let paul = "899700000017"
    private static let cost = PasswordHash.Cost(ln: 4, r: 8, p: 1)

    private static func credential(_ person: String, _ password: String) throws -> AlternativeCredential {
        let hash = try #require(PasswordHash(password, cost: cost))
        return AlternativeCredential(person: person, password: hash, oneTimePassword: .enrol())
    }

    private static func open(_ folder: TestFolder, key: UInt8 = 7) async throws -> SealedCredentials {
        try await SealedCredentials.open(
            folder.path + "/acces.sqlite", master: try StoreMasterKey([UInt8](repeating: key, count: 32)))
    }

    /// Changes the file from outside, as whoever reaches the disk would.
    private static func tamper(_ folder: TestFolder, _ sql: String) async throws {
        let queue = try DatabaseQueue(path: folder.path + "/acces.sqlite")
        try await queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test(
        "RE_LPS_0100: what was enrolled is there after a reopening, whole, with the steps used up; nothing is readable")
    func reopening() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let (jeanne, paul) = (try Self.credential(Self.jeanne, "mot de passe"), try Self.credential(Self.paul, "autre"))
        let first = try await Self.open(folder)
        try await first.enrol(jeanne, at: start)
        try await first.enrol(paul, at: start + .seconds(5))
        #expect(try await first.use(step: 100, of: Self.jeanne))
        await first.close()
        await #expect(throws: (any Error).self) { try await first.credential(of: Self.jeanne) }

        let again = try await Self.open(folder)
        let kept = try #require(try await again.credential(of: Self.jeanne))
        #expect(kept.password == jeanne.password && kept.oneTimePassword.secret == jeanne.oneTimePassword.secret)
        #expect(kept.password.matches("mot de passe") && !kept.password.matches("autre"))
        #expect(kept.oneTimePassword.code(at: start) == jeanne.oneTimePassword.code(at: start))
        #expect(try await again.credential(of: "899700000777") == nil)
        // A step is used once, whatever restarts (RFC 6238 §5.2), and none before it.
        #expect(try await !again.use(step: 100, of: Self.jeanne))
        #expect(try await !again.use(step: 99, of: Self.jeanne))
        #expect(try await again.use(step: 101, of: Self.jeanne))
        #expect(try await again.use(step: 100, of: Self.paul))
        let enrolments = try await again.enrolments()
        #expect(enrolments.map(\.person) == [Self.jeanne, Self.paul])
        #expect(enrolments[0].made == start && enrolments[0].lastUsed != nil)
        #expect(try await again.verify().count == 2)
        // A new enrolment replaces the old one, and its codes begin anew.
        try await again.enrol(try Self.credential(Self.jeanne, "nouveau"), at: start + .seconds(9))
        #expect(try await again.credential(of: Self.jeanne)?.password.matches("mot de passe") == false)
        #expect(try await again.use(step: 101, of: Self.jeanne))
        #expect(try await again.remove(Self.paul))
        #expect(try await !again.remove(Self.paul))
        #expect(try await again.credential(of: Self.paul) == nil)
        await again.close()
        for name in try Folder.names(folder.path) {
            let bytes = try TestFiles.read(folder.path + "/" + name)
            #expect(!String(decoding: bytes, as: UTF8.self).contains("$scrypt$"), "\(name)")
            let secret = jeanne.oneTimePassword.secret
            #expect(!bytes.indices.contains { bytes[$0...].starts(with: secret) }, "\(name)")
        }
    }

    @Test("RE_LPS_0100: under another master key nothing opens, and nothing is lost for the right one")
    func wrongMasterKey() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let right = try await Self.open(folder)
        try await right.enrol(try Self.credential(Self.jeanne, "mot de passe"), at: start)
        await right.close()
        let wrong = try await Self.open(folder, key: 8)
        await #expect(throws: StoreError.damaged(path: wrong.path, offset: 0, reason: "credential")) {
            try await wrong.credential(of: Self.jeanne)
        }
        #expect(try await wrong.verify() == (1, [Self.jeanne]))
        await wrong.close()
        let again = try await Self.open(folder)
        #expect(try await again.credential(of: Self.jeanne)?.password.matches("mot de passe") == true)
        #expect(try await again.verify() == (1, []))
        await again.close()
    }

    @Test(
        "RE_LPS_0100: a row that was changed, cut, emptied or given to another person opens nothing; the others do",
        arguments: [
            "UPDATE credential SET sealed = (SELECT sealed FROM credential WHERE person = '899700000017')",
            "UPDATE credential SET sealed = substr(sealed, 1, length(sealed) - 1)",
            "UPDATE credential SET sealed = CAST(zeroblob(8) || substr(sealed, 9) AS BLOB)",
            "UPDATE credential SET sealed = CAST(substr(sealed, 1, 20) || zeroblob(8) || substr(sealed, 29) AS BLOB)",
            "UPDATE credential SET sealed = CAST(sealed || x'00' AS BLOB)", "UPDATE credential SET sealed = x''",
            "UPDATE credential SET sealed = zeroblob(28)",
        ])
    func tampered(_ change: String) async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let first = try await Self.open(folder)
        try await first.enrol(try Self.credential(Self.jeanne, "un"), at: start)
        try await first.enrol(try Self.credential(Self.paul, "deux"), at: start)
        await first.close()
        try await Self.tamper(folder, change + " WHERE person = '\(Self.jeanne)'")
        let again = try await Self.open(folder)
        await #expect(throws: StoreError.damaged(path: again.path, offset: 0, reason: "credential")) {
            try await again.credential(of: Self.jeanne)
        }
        #expect(try await again.verify() == (2, [Self.jeanne]))
        #expect(try await again.credential(of: Self.paul)?.password.matches("deux") == true)
        await again.close()
    }

    @Test("a file of another kind is not taken for credentials, and is left as it is")
    func foreignFile() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        try TestFiles.write("pas une base", to: folder.path + "/acces.sqlite")
        await #expect(throws: StoreError.self) { try await Self.open(folder) }
        #expect(try TestFiles.read(folder.path + "/acces.sqlite") == Array("pas une base".utf8))
    }
}
