import MSSCore
import MSSTestKit
import Testing

@testable import MSSProSanteConnect

@Suite("RE_LPS_0100: password and one-time password beside Pro Santé Connect")
struct AlternativeTests {
    static let cheap = PasswordHash.Cost(ln: 4, r: 8, p: 1)
    static let person = "899700000009"

    // MARK: One-time passwords

    /// RFC 6238 appendix B: times, and codes of the three digests.
    @Test(
        "RFC 6238 appendix B: the vectors of all three digests",
        arguments: [
            (59, "94287082", "46119246", "90693936"), (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"), (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] as [(Int64, String, String, String)])
    func vectors(_ seconds: Int64, _ sha1: String, _ sha256: String, _ sha512: String) throws {
        let digits = Array("1234567890".utf8)
        func secret(_ count: Int) -> [UInt8] { (0..<count).map { digits[$0 % 10] } }
        let time = Timestamp(seconds: seconds)
        #expect(OneTimePassword(secret: secret(20), digest: .sha1, digits: 8)?.code(at: time) == sha1)
        #expect(OneTimePassword(secret: secret(32), digest: .sha256, digits: 8)?.code(at: time) == sha256)
        #expect(OneTimePassword(secret: secret(64), digest: .sha512, digits: 8)?.code(at: time) == sha512)
    }

    @Test("RFC 6238 §5.2: a code is good for its step, the one before and the one after, and for no other")
    func window() throws {
        let code = OneTimePassword.enrol()
        let now = Timestamp(seconds: 1_770_000_015)
        for offset in -4...4 {
            let shown = code.code(at: now + .seconds(30 * offset))
            let step = code.step(of: shown, at: now)
            // Two steps may have the same code, once in a million.
            let own = code.step(at: now + .seconds(30 * offset))
            if (-1...1).contains(offset) { #expect(step != nil) } else { #expect(step != own) }
        }
        #expect(code.step(of: "", at: now) == nil)
        #expect(code.step(of: code.code(at: now) + "0", at: now) == nil)
        #expect(OneTimePassword(secret: Array(repeating: 1, count: 15)) == nil)
    }

    @Test("oathtool and we show the same codes for the same secret, as an enrolled telephone does")
    func oathtool() async throws {
        let code = OneTimePassword.enrol()
        let seconds: Int64 = 1_770_000_000
        let result = try await ExternalTool.run(
            "oathtool", ["--totp", "--base32", code.secretText, "--now", "@\(seconds)"])
        #expect(result.text == code.code(at: Timestamp(seconds: seconds)) + "\n")
        let url = code.enrolmentURL(account: "a@b.mssante.fr", issuer: "Hôpital")
        #expect(url.hasPrefix("otpauth://totp/H%C3%B4pital:a%40b.mssante.fr?secret=\(code.secretText)&issuer="))
        #expect(!"\(code)".contains(code.secretText))
        #expect(!String(reflecting: code).contains("secret:"))
    }

    // MARK: Passwords

    @Test("Hashes are salted, read back from their text, and open to their password only")
    func passwords() throws {
        let hash = try #require(PasswordHash("café ☕", cost: Self.cheap))
        let other = try #require(PasswordHash("café ☕", cost: Self.cheap))
        #expect(hash.text != other.text)
        let kept = try #require(PasswordHash(text: hash.text))
        #expect(kept == hash)
        #expect(kept.matches("café ☕"))
        #expect(!kept.matches("café"))
        #expect(!kept.matches(""))
        #expect(!kept.matches(String(repeating: "a", count: 300)))
        #expect(PasswordHash("", cost: Self.cheap) == nil)
        #expect(PasswordHash.Cost.standard == .init(ln: 15, r: 8, p: 3))
    }

    @Test(
        "A kept hash that asks for a gigabyte, or is no hash, is not computed",
        arguments: [
            "$scrypt$ln=30,r=8,p=1$c2FsdHNhbHRzYWx0$\(String(repeating: "A", count: 43))",
            "$scrypt$ln=0,r=8,p=1$c2FsdHNhbHRzYWx0$\(String(repeating: "A", count: 43))",
            "$scrypt$ln=4,r=8,p=1$c2FsdHNhbHRzYWx0$AAAA", "$scrypt$ln=4,r=8$c2FsdA$AAAA", "plain", "",
            "$scrypt$ln=4,r=8,p=-1$c2FsdHNhbHRzYWx0$\(String(repeating: "A", count: 43))",
            "$argon2id$ln=4,r=8,p=1$c2FsdHNhbHRzYWx0$\(String(repeating: "A", count: 43))",
        ])
    func badHashes(_ text: String) { #expect(PasswordHash(text: text) == nil) }

    @Test("Python's scrypt computes the hash that we keep")
    func pythonScrypt() async throws {
        let hash = try #require(PasswordHash("mot de passe", cost: Self.cheap))
        let script = """
            import hashlib, sys
            salt = bytes.fromhex(sys.argv[1])
            print(hashlib.scrypt(b"mot de passe", salt=salt, n=16, r=8, p=1, dklen=32).hex())
            """
        func hex(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        let result = try await ExternalTool.run("python3", ["-c", script, hex(hash.salt)])
        #expect(result.text == hex(hash.hash) + "\n")
    }

    // MARK: Logins

    func login(_ clock: TestClock) throws -> (AlternativeLogin, OneTimePassword) {
        let store = InMemoryAlternativeCredentials()
        let code = OneTimePassword.enrol()
        store.enrol(
            AlternativeCredential(
                person: Self.person, password: try #require(PasswordHash("secret", cost: Self.cheap)),
                oneTimePassword: code))
        return (AlternativeLogin(store, clock: clock, cost: Self.cheap), code)
    }

    @Test("RE_LPS_0100: password and code open once; the same code is refused the second time, whoever comes first")
    func replay() async throws {
        let clock = TestClock()
        let (login, code) = try login(clock)
        let secret = "secret" + code.code(at: clock.now())
        let results = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { (try? await login.verify(Self.person, secret: secret)) != nil }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(results == 1)
    }

    @Test("RFC 6238 §5.2: after a code, the code before it is no longer taken; the next one is")
    func order() async throws {
        let clock = TestClock()
        let (login, code) = try login(clock)
        let before = "secret" + code.code(at: clock.now() - .seconds(30))
        try await login.verify(Self.person, secret: "secret" + code.code(at: clock.now()))
        await #expect(throws: AlternativeLoginFailure.replayed) { try await login.verify(Self.person, secret: before) }
        clock.advance(.seconds(30))
        try await login.verify(Self.person, secret: "secret" + code.code(at: clock.now()))
    }

    @Test("Guesses are slowed down: after four failures the name rests, even for the right password")
    func throttle() async throws {
        let clock = TestClock()
        let (login, code) = try login(clock)
        for _ in 0..<5 {
            await #expect(throws: AlternativeLoginFailure.wrong) {
                try await login.verify(Self.person, secret: "guess" + code.code(at: clock.now()))
            }
        }
        let right = { "secret" + code.code(at: clock.now()) }
        await #expect(throws: AlternativeLoginFailure.resting) {
            try await login.verify(Self.person, secret: right())
        }
        clock.advance(.seconds(31))
        try await login.verify(Self.person, secret: right())
    }

    @Test(
        "Unknown persons, wrong codes and short secrets are answered alike",
        arguments: [
            ("899700000017", "secret"), (Self.person, "secret000000000"), (Self.person, ""), (Self.person, "1"),
        ])
    func wrong(_ person: String, _ secret: String) async throws {
        let (login, _) = try login(TestClock())
        await #expect(throws: AlternativeLoginFailure.wrong) { try await login.verify(person, secret: secret) }
    }

    @Test("The names of a login: person and mailbox, apart or joined by a star")
    func names() {
        func names(_ user: String, _ authorization: String?) -> String? {
            AlternativeLogin.names(user: user, authorization: authorization).map { "\($0.person) \($0.mailbox)" }
        }
        #expect(names("8123", "a@b.fr") == "8123 a@b.fr")
        #expect(names("8123*a@b.fr", nil) == "8123 a@b.fr")
        #expect(names("8123*a*b@b.fr", nil) == "8123 a*b@b.fr")
        #expect(names("8123*a@b.fr", "a@b.fr") == "8123 a@b.fr")
        #expect(names("8123*a@b.fr", "c@b.fr") == nil)
        #expect(names("8123", nil) == nil)
        #expect(names("*a@b.fr", nil) == nil)
        #expect(names("", "a@b.fr") == nil)
    }
}
