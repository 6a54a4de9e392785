import MSSAccounts
import MSSCore
import MSSIMAP
import MSSSASL
import MSSTLS
import MSSTraces
import NIOCore

/// Decides who an IMAP client is by the ``AccessGate`` that submission asks too (TM5.3P, TM5.4P).
struct ReadingAuthenticator: IMAPAuthenticator {
    let gate: AccessGate
    let entryPoint: AccessAttempt.EntryPoint

    func authenticate(_ credentials: SASLCredentials, _ facts: IMAPSessionFacts) async throws -> IMAPIdentity {
        let attempt = AccessAttempt(
            .imap, at: entryPoint, credentials, certificate: facts.tls?.peer?.certificate, means: TraceMeans(facts))
        do throws(AccessRefusal) {
            let grant = try await gate.open(attempt)
            return IMAPIdentity(
                mailbox: grant.mailbox.address.address.text, holder: grant.actor.text, grant: grant)
        } catch {
            // EX_LPS_0710 to the letter; RFC 5530 §3 for what may be tried again.
            guard !error.isTemporary else { throw IMAPRefusal.unavailable(cause: error.description) }
            let words = IMAPRefusal.authenticationFailed(cause: error.description)
            throw IMAPRefusal(words.code, words.text + gate.advice(on: error), cause: words.cause)
        }
    }
}

extension TraceMeans {
    /// The client of an IMAP session (EX_GDT_5040): what it says of itself by `ID`, and its address.
    init(_ facts: IMAPSessionFacts) {
        let parts = [facts.client["name"], facts.client["version"]].compactMap(\.self)
        let system = [facts.client["os"], facts.client["os-version"]].compactMap(\.self)
        self.init(
            software: parts.isEmpty ? nil : String(parts.joined(separator: " ").prefix(120)),
            system: system.isEmpty ? nil : String(system.joined(separator: " ").prefix(120)), channel: "imap",
            address: facts.peer?.ipAddress)
    }
}
