import MSSCore
import MSSTestKit
import Testing

@testable import MSSProSanteConnect

@Suite("EX_LPS_0900: access tokens of Pro Santé Connect")
struct AccessTokenTests {
    static let doctor = Realm.doctor.identifier

    @Test("EX_LPS_0900: a token signed by PSC, in time, gives the SubjectNameID that UserInfo has")
    func good() async throws {
        try await Realm.with { realm in
            let verified = try await realm.verifier.verify(realm.psc.token(for: Self.doctor))
            #expect(verified.userInfo.subjectNameID == Self.doctor)
            #expect(verified.userInfo.givenName == "Jeanne")
            #expect(verified.userInfo.familyName == "MARTIN")
            #expect(verified.claims.issuer == realm.psc.issuer)
            #expect(verified.claims.client == "editeur-de-test")
            #expect(verified.claims.assurance == "eidas1")
            #expect("\(verified.userInfo)" == Self.doctor)
        }
    }

    /// What each flaw must be refused for.
    static func expected(_ flaw: TestTokenFlaw) -> TokenFailure {
        switch flaw {
        case .expired: .expired
        case .fromTheFuture, .notBefore: .notYetValid
        case .unsigned, .hmacWithPublicKey: .forbiddenAlgorithm
        case .foreignKey, .corruptSignature, .changedClaims: .badSignature
        case .unknownKey, .embeddedKey: .unknownKey
        case .noKeyID: .noKeyID
        case .otherIssuer: .otherIssuer
        case .critical: .criticalExtension
        case .duplicateHeader, .duplicateClaim: .duplicateMember
        case .identityToken, .refreshToken: .notAnAccessToken
        case .noExpiry: .missingClaim("exp")
        case .noIssue: .missingClaim("iat")
        case .noIssuer: .missingClaim("iss")
        case .wrongType, .padded, .cut: .malformed
        case .huge: .tooLong(limit: 8_192)
        }
    }

    @Test("EX_LPS_0900: every bad token is refused for its own reason, for good, and UserInfo never hears of it")
    func flaws() async throws {
        try await Realm.with { realm in
            for flaw in TestTokenFlaw.allCases {
                let failure = await realm.failure(try realm.psc.token(for: Self.doctor, flaw: flaw))
                #expect(failure == Self.expected(flaw), "\(flaw.rawValue)")
                #expect(failure?.isTemporary == false)
                #expect(failure?.requirement == "EX_LPS_0900")
            }
            #expect(realm.requests("userinfo") == 0)
        }
    }

    @Test(
        "EX_LPS_0900 step 4: what is no token at all is refused without asking anybody",
        arguments: [
            "", ".", "..", "...", "a.b.c", "e30.e30.e30", "e30.e30.", "🩺.e30.e30", "ey.e30.e30",
            "eyJhbGciOiJSUzI1NiJ9\n.e30.AAAA",
            String(repeating: "a.", count: 5_000),
        ])
    func garbage(_ token: String) async throws {
        try await Realm.with { realm in
            #expect(await realm.failure(token)?.isTemporary == false)
            #expect(realm.requests("certs") == 0)
            #expect(realm.requests("userinfo") == 0)
        }
    }

    @Test("EX_LPS_0900 step 6: clocks may differ by thirty seconds, not by more")
    func leeway() async throws {
        try await Realm.with { realm in
            let token = try realm.psc.token(for: Self.doctor)
            #expect(await realm.failure(token) == nil)
            // 120 seconds, and 30 more; UserInfo itself would refuse by its own clock.
            realm.clock.advance(.seconds(149))
            realm.psc.fault = .refusal
            #expect(await realm.failure(token) == .refusedByProvider)
            realm.clock.advance(.seconds(1))
            #expect(await realm.failure(token) == .expired)
            var contents = TestTokenMaker.Contents(person: Self.doctor, issued: realm.clock.now() + .seconds(30))
            realm.psc.fault = nil
            await realm.verifier.forget()
            #expect(try await realm.failure(realm.psc.maker.token(contents)) == nil)
            contents.issued = contents.issued + .seconds(1)
            #expect(try await realm.failure(realm.psc.maker.token(contents)) == .notYetValid)
        }
    }

    @Test("Clients and levels of assurance are restricted where the operator wants it so, and only there")
    func restrictions() async throws {
        var policy = TokenPolicy()
        policy.clients = ["un-autre"]
        try await Realm.with(policy) { realm in
            let token = try realm.psc.token(for: Self.doctor)
            #expect(await realm.failure(token) == .otherClient)
        }
        policy.clients = ["editeur-de-test"]
        policy.assuranceLevels = ["eidas2"]
        try await Realm.with(policy) { realm in
            let token = try realm.psc.token(for: Self.doctor)
            #expect(await realm.failure(token) == .weakIdentification)
        }
    }

    // MARK: Keys

    @Test("EX_LPS_0900 step 5: keys are fetched once; a rotated key is found by itself, a withdrawn one is gone")
    func rotation() async throws {
        try await Realm.with { realm in
            let first = try realm.psc.token(for: Self.doctor)
            for _ in 0..<3 { #expect(await realm.failure(first) == nil) }
            #expect(realm.requests("certs") == 1)
            try realm.psc.rotate()
            realm.clock.advance(.seconds(11))
            #expect(try await realm.failure(realm.psc.token(for: Self.doctor)) == nil)
            #expect(realm.requests("certs") == 2)
            #expect(await realm.failure(first) == nil)
            try realm.psc.rotate(keepsFormer: false)
            realm.clock.advance(.seconds(601))
            #expect(try await realm.failure(realm.psc.token(for: Self.doctor)) == nil)
            #expect(await realm.failure(first) == .unknownKey)
        }
    }

    @Test("EX_LPS_0900 step 5: a thousand tokens of unknown keys have the keys fetched once in ten seconds")
    func unknownKeys() async throws {
        try await Realm.with { realm in
            let bad = try realm.psc.token(for: Self.doctor, flaw: .unknownKey)
            #expect(try await realm.failure(realm.psc.token(for: Self.doctor)) == nil)
            realm.clock.advance(.seconds(10))
            await withTaskGroup(of: TokenFailure?.self) { group in
                for _ in 0..<1_000 { group.addTask { await realm.failure(bad) } }
                for await failure in group { #expect(failure == .unknownKey) }
            }
            #expect(realm.requests("certs") == 2)
            realm.clock.advance(.seconds(10))
            #expect(await realm.failure(bad) == .unknownKey)
            #expect(realm.requests("certs") == 3)
        }
    }

    // MARK: UserInfo

    @Test("EX_LPS_0900 step 7: UserInfo is asked once a minute for a token, however many sessions it opens")
    func caching() async throws {
        try await Realm.with { realm in
            let token = try realm.psc.token(for: Self.doctor)
            await withTaskGroup(of: TokenFailure?.self) { group in
                for _ in 0..<50 { group.addTask { await realm.failure(token) } }
                for await failure in group { #expect(failure == nil) }
            }
            #expect(realm.requests("userinfo") == 1)
            realm.clock.advance(.seconds(60))
            #expect(await realm.failure(token) == nil)
            #expect(realm.requests("userinfo") == 2)
            // Logged out: what is remembered is a minute old at most.
            realm.psc.end(session: "session-1")
            realm.clock.advance(.seconds(59))
            #expect(await realm.failure(token) == nil)
            realm.clock.advance(.seconds(1))
            #expect(await realm.failure(token) == .refusedByProvider)
            #expect(await realm.failure(token) == .refusedByProvider)
            #expect(realm.requests("userinfo") == 3)
        }
    }

    @Test("EX_LPS_0900 step 7: without a SubjectNameID, or with another's UserInfo, nothing opens")
    func identities() async throws {
        try await Realm.with { realm in
            realm.psc.fault = .noIdentity
            let first = try realm.psc.token(for: Self.doctor, session: "a")
            #expect(await realm.failure(first) == .noIdentity)
            realm.psc.fault = .otherSubject
            let second = try realm.psc.token(for: Self.doctor, session: "b")
            #expect(await realm.failure(second) == .otherSubject)
        }
    }

    @Test(
        "RE_LPS_0100: whatever way PSC fails, the refusal is for now and is not remembered",
        arguments: [TestProSanteConnect.Fault.down, .error, .page])
    func outages(_ fault: TestProSanteConnect.Fault) async throws {
        try await Realm.with { realm in
            let token = try realm.psc.token(for: Self.doctor)
            realm.psc.fault = fault
            #expect(await realm.failure(token)?.isTemporary == true)
            realm.psc.fault = nil
            realm.clock.advance(.seconds(11))
            #expect(await realm.failure(token) == nil)
            // The keys are known now: the outage is UserInfo's alone.
            realm.psc.fault = fault
            let other = try realm.psc.token(for: Self.doctor, session: "other")
            let failure = await realm.failure(other)
            #expect(failure?.isTemporary == true)
            #expect(failure?.requirement == "RE_LPS_0100")
            // A forged token is told so nevertheless.
            #expect(try await realm.failure(realm.psc.token(for: Self.doctor, flaw: .foreignKey)) == .badSignature)
            realm.psc.fault = nil
            realm.clock.advance(.seconds(2))
            #expect(await realm.failure(other) == nil)
        }
    }

    @Test("RE_LPS_0100: a PSC that accepts connections and says nothing holds a login no longer than the time allowed")
    func silence() async throws {
        try await Realm.with(timeout: .milliseconds(200)) { realm in
            realm.psc.fault = .silence
            let token = try realm.psc.token(for: Self.doctor)
            #expect(await realm.failure(token)?.isTemporary == true)
        }
    }

    @Test("An outage of hours leaves the keys: tokens are judged by them while UserInfo answers again")
    func staleKeys() async throws {
        try await Realm.with { realm in
            let first = try realm.psc.token(for: Self.doctor)
            #expect(await realm.failure(first) == nil)
            realm.psc.fault = .noKeys
            realm.clock.advance(.seconds(6 * 3_600))
            let second = try realm.psc.token(for: Self.doctor)
            #expect(await realm.failure(second) == nil)
            realm.clock.advance(.seconds(24 * 3_600))
            let third = try realm.psc.token(for: Self.doctor)
            #expect(await realm.failure(third)?.isTemporary == true)
        }
    }

    @Test("EX_LPS_0900 step 8: the person of UserInfo is asked for, and only with a token that holds")
    func habilitation() async throws {
        struct Rights: Habilitation {
            let asked = Guarded<[String]>([])
            func grant(_ person: UserInfo, to mailbox: String) async throws -> String? {
                asked.withLock { $0.append("\(person.subjectNameID) \(mailbox)") }
                return mailbox == "jeanne@alpha.mssante.fr" ? "holder" : nil
            }
        }
        try await Realm.with { realm in
            let rights = Rights()
            let login = TokenLogin(realm.verifier, rights)
            let token = try realm.psc.token(for: Self.doctor)
            #expect(try await login.open("jeanne@alpha.mssante.fr", token: token).grant == "holder")
            await #expect(throws: TokenFailure.notEntitled) {
                try await login.open("paul@alpha.mssante.fr", token: token)
            }
            await #expect(throws: TokenFailure.expired) {
                try await login.open(
                    "jeanne@alpha.mssante.fr", token: realm.psc.token(for: Self.doctor, flaw: .expired))
            }
            #expect(
                rights.asked.withLock { $0 } == [
                    "\(Self.doctor) jeanne@alpha.mssante.fr", "\(Self.doctor) paul@alpha.mssante.fr",
                ])
        }
    }
}
