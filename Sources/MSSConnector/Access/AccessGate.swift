import Logging
import MSSAccounts
import MSSCore
import MSSProSanteConnect
public import MSSSASL
import MSSTLS
import MSSTraces

/// Opens mailboxes to client software: the one place where it is decided, for submission and for IMAP, by a token of Pro
/// Santé Connect (EX_LPS_0600, EX_LPS_0900), a structure's certificate (EX_LPS_1200) or the operator's own method
/// (RE_LPS_0100).
///
/// It holds nothing of a session: who was let in once is judged again at the next login.
public final class AccessGate: Sendable {
    private let flow: MailFlow
    private let tokens: AccessTokenVerifier?
    private let alternative: AlternativeLogin?
    private let notes: ConnectionNotes?
    /// What users are told of the terms; `nil` where there are no accounts to tell it from.
    let information: FirstUseInformation?

    init(flow: MailFlow, tokens: AccessTokenVerifier?, alternative: AlternativeLogin?, accounts: Accounts?) {
        self.flow = flow
        self.tokens = tokens
        self.alternative = alternative
        notes = accounts.map { ConnectionNotes($0, clock: flow.clock) }
        information = accounts?.firstUse
    }

    /// The mechanisms that an entry point can honour.
    public func mechanisms(of entryPoint: AccessAttempt.EntryPoint) -> [SASLMechanism] {
        switch entryPoint {
        case .proSanteConnect:
            (tokens == nil ? [] : [.xoauth2, .oauthBearer]) + (alternative == nil ? [] : [.plain])
        case .structureCertificate: [.plain, .login, .external]
        }
    }

    /// Whom a login proves, before any right is asked for.
    private struct Proven {
        enum Identity {
            case person(subject: String, name: String?)
            case structure(StructureIdentifier, subject: String)
        }

        var identity: Identity
        var mailbox: String
        var authentication: TraceAuthentication
    }

    /// Opens a mailbox. Success and refusal leave a trace (EX_GDT_5060).
    public func open(_ attempt: AccessAttempt) async throws(AccessRefusal) -> AccessGrant {
        let claimed = AccessGate.claimed(attempt.credentials)
        var event = TraceEvent(
            .connect, by: .unauthenticated(claimed: claimed), mailbox: claimed.flatMap { try? MailAddress($0) },
            means: attempt.means, authentication: AccessGate.authentication(attempt))
        event.request = TraceText(
            "\(attempt.service == .imap ? "AUTHENTICATE" : "AUTH") \(attempt.credentials.mechanism)")
        do throws(AccessRefusal) {
            let proven = try await prove(attempt)
            event.authentication = proven.authentication
            event.author = AccessGate.author(proven)
            let grant = try await grant(proven, attempt)
            event.author = grant.author
            // What is not traced is not opened (EX_GDT_5030, decision 0161).
            guard await flow.journal.isWorking() else { throw .localFailure("traces") }
            await flow.journal.trace([event])
            await notes?.note(grant)
            flow.metrics.login(attempt, .accepted)
            return grant
        } catch {
            flow.metrics.login(attempt, error.isTemporary ? .unavailable : .refused)
            await refused(error, event, claimed)
            throw error
        }
    }

    private func refused(_ refusal: AccessRefusal, _ event: TraceEvent, _ claimed: String?) async {
        var event = event
        event.outcome = refusal.isTemporary ? .failure : .refused
        event.reply = TraceText(refusal.explanation)
        if let requirement = refusal.requirement {
            event.changes.append(TraceChange("exigence", before: nil, after: requirement.rawValue))
        }
        flow.metrics.refused(refusal.requirement)
        flow.journal.logger.notice(
            "login refused: \(refusal)",
            metadata: [
                "peer": "\(event.means.address ?? "-")", "requirement": "\(refusal.requirement?.rawValue ?? "-")",
            ])
        await flow.journal.trace([event])
        if !refusal.isTemporary {
            await flow.journal.note(.authenticationFailures, claimed ?? event.means.address ?? "?")
        }
    }

    // MARK: Proof

    private func prove(_ attempt: AccessAttempt) async throws(AccessRefusal) -> Proven {
        switch (attempt.entryPoint, attempt.credentials) {
        case (.proSanteConnect, .xoauth2(let credentials)):
            return try await token(credentials.token.text, credentials.user)
        case (.proSanteConnect, .oauthBearer(let credentials)):
            // EX_LPS_0900 step 3: the mailbox is named, never guessed from the person.
            guard let mailbox = credentials.user else { throw .noMailbox }
            return try await token(credentials.token.text, mailbox)
        case (.proSanteConnect, .plain(let credentials)), (.proSanteConnect, .login(let credentials)):
            return try await password(credentials)
        case (.structureCertificate, .plain(let credentials)), (.structureCertificate, .login(let credentials)):
            // EX_LPS_1200 step 3. The password proves nothing: the certificate did.
            let mailbox = credentials.authorizationIdentity ?? credentials.user
            return try certificate(attempt.certificate, mailbox)
        case (.structureCertificate, .external(let mailbox)):
            guard let mailbox else { throw .noMailbox }
            return try certificate(attempt.certificate, mailbox)
        default: throw .mechanism
        }
    }

    /// EX_LPS_0900 steps 4 to 7.
    private func token(_ token: String, _ mailbox: String) async throws(AccessRefusal) -> Proven {
        guard let tokens else { throw .mechanism }
        let verified: VerifiedToken
        do throws(TokenFailure) { verified = try await tokens.verify(token) } catch { throw .token(error) }
        let names = [verified.userInfo.givenName, verified.userInfo.familyName].compactMap(\.self)
        return Proven(
            identity: .person(
                subject: verified.userInfo.subjectNameID, name: names.isEmpty ? nil : names.joined(separator: " ")),
            mailbox: mailbox, authentication: .proSanteConnect)
    }

    /// RE_LPS_0100.
    private func password(_ credentials: PlainCredentials) async throws(AccessRefusal) -> Proven {
        guard let alternative else { throw .mechanism }
        guard
            let (person, mailbox) = AlternativeLogin.names(
                user: credentials.user, authorization: credentials.authorizationIdentity)
        else { throw .alternative(.malformedName) }
        do throws(AlternativeLoginFailure) {
            try await alternative.verify(person, secret: credentials.password.text)
        } catch { throw .alternative(error) }
        return Proven(identity: .person(subject: person, name: nil), mailbox: mailbox, authentication: .multiFactor)
    }

    /// EX_LPS_1200 steps 1 and 4: path, dates and revocation were TLS's to verify; what the certificate is, and whose, is
    /// seen here.
    private func certificate(_ certificate: Certificate?, _ mailbox: String) throws(AccessRefusal) -> Proven {
        guard let certificate else { throw .noCertificate }
        let usages = certificate.extendedKeyUsage ?? []
        guard usages.contains(.clientAuthentication), !usages.contains(.serverAuthentication) else {
            throw .notAClientCertificate
        }
        let structures = certificate.subject.values(of: .organizationalUnitName)
            .compactMap { try? StructureIdentifier($0) }
        // Two structures in one name: whoever reads the other one would open another's mailboxes.
        guard structures.count == 1 else { throw .noStructure }
        return Proven(
            identity: .structure(structures[0], subject: certificate.subject.rfc4514), mailbox: mailbox,
            authentication: .clientCertificate)
    }

    // MARK: Rights

    /// EX_LPS_0900 step 8, EX_LPS_1200 step 5.
    private func grant(_ proven: Proven, _ attempt: AccessAttempt) async throws(AccessRefusal) -> AccessGrant {
        guard let address = try? DirectoryMailAddress(proven.mailbox) else { throw .noMailbox }
        let directory = flow.accounts.directory
        do {
            let actor: Actor
            switch proven.identity {
            case .structure(let structure, _): actor = .application(structure: structure)
            case .person(let subject, _):
                guard let identity = PersonIdentity(subjectNameID: subject),
                    let person = try await directory.person(known: identity)
                else { throw AccessRefusal.unknownPerson }
                actor = .person(person)
            }
            let decision = try await directory.decide(
                actor, attempt.service.action, at: address, time: flow.clock.now())
            guard case .allowed(let capacity) = decision, let mailbox = try await directory.mailbox(at: address) else {
                if case .denied(let denial) = decision { throw AccessRefusal.rights(denial) }
                throw AccessRefusal.rights(.unknownMailbox)
            }
            // §6.8.1: persons use personal and organisational mailboxes, certificates those of applications.
            guard (mailbox.kind == .application) == (attempt.entryPoint == .structureCertificate) else {
                throw AccessRefusal.otherEntryPoint
            }
            var author = AccessGate.author(proven)
            if case .delegate(let principal) = capacity, case .person(let person) = author {
                let identity = try await directory.identity(of: principal)?.text ?? "\(principal)"
                author = .delegate(person, onBehalfOf: TracePerson(identifier: identity))
            }
            return AccessGrant(
                mailbox: MailboxReference(mailbox), actor: actor, capacity: capacity, author: author,
                authentication: proven.authentication, quota: mailbox.quota)
        } catch {
            throw error as? AccessRefusal ?? .localFailure("accounts: \(type(of: error))")
        }
    }

    // MARK: Traces

    private static func author(_ proven: Proven) -> TraceAuthor {
        switch proven.identity {
        case .person(let subject, let name): .person(TracePerson(identifier: subject, name: name))
        case .structure(_, let subject): .application(subject)
        }
    }

    private static func authentication(_ attempt: AccessAttempt) -> TraceAuthentication {
        switch (attempt.entryPoint, attempt.credentials.mechanism) {
        case (.structureCertificate, _): .clientCertificate
        case (.proSanteConnect, .plain), (.proSanteConnect, .login): .multiFactor
        case (.proSanteConnect, _): .proSanteConnect
        }
    }

    /// The mailbox that a login names, short enough for a trace.
    private static func claimed(_ credentials: SASLCredentials) -> String? {
        credentials.claimedIdentity.map { String($0.prefix(254)) }
    }
}

/// Notes last connections, per person and mailbox (EX_GBM_4440, EX_SSU_5800): a busy client once a minute.
private final class ConnectionNotes: Sendable {
    private struct Key: Hashable {
        var mailbox: MailboxID
        var actor: Actor
    }

    private static let interval = Duration.seconds(60)
    private static let most = 100_000

    private let accounts: Accounts
    private let clock: any WallClock
    private let noted = Guarded<[Key: Timestamp]>([:])

    init(_ accounts: Accounts, clock: any WallClock) {
        self.accounts = accounts
        self.clock = clock
    }

    func note(_ grant: AccessGrant) async {
        let now = clock.now()
        let key = Key(mailbox: grant.mailbox.id, actor: grant.actor)
        let isDue = noted.withLock { noted in
            if let last = noted[key], now - last < Self.interval, last <= now { return false }
            if noted.count >= Self.most { noted = noted.filter { now - $0.value < Self.interval } }
            noted[key] = now
            return true
        }
        guard isDue else { return }
        var person: PersonID?
        if case .person(let id) = grant.actor { person = id }
        do { try await accounts.perform(.noteConnection(grant.mailbox.id, person), by: .system) } catch {
            // The trace tells of the connection; the next one notes it.
            noted.withLock { _ = $0.removeValue(forKey: key) }
        }
    }
}
