import MSSAccounts
import MSSCore

/// What administrators write, as values of the accounts.
enum AccountWords {
    /// The address of a mailbox.
    static func address(_ text: String) throws(AdminFailure) -> DirectoryMailAddress {
        guard let address = try? DirectoryMailAddress(text) else {
            throw AdminFailure(
                refused: "« \(text) » n'est pas une adresse de boîte aux lettres.", "not an address", "EX_GBM_4300")
        }
        return address
    }

    /// An identity: as traces have it, or the eleven digits of an RPPS.
    static func identity(_ text: String) throws(AdminFailure) -> PersonIdentity {
        let isRPPS = text.utf8.count == 11 && (try? RPPS(text)) != nil
        guard let identity = try? PersonIdentity(isRPPS ? "8" + text : text) else {
            throw AdminFailure(
                refused:
                    "« \(text) » n'est pas une identité : un RPPS (11 chiffres), ou L<structure>:<identifiant local>.",
                "not an identity", "EX_GBM_4230")
        }
        return identity
    }

    /// A structure: with its type, or a bare FINESS or SIRET.
    static func structure(_ text: String) throws(AdminFailure) -> StructureIdentifier {
        let number =
            switch text.utf8.count {
            case 9 where (try? FINESS(text)) != nil: "1" + text
            case 14 where (try? SIRET(text)) != nil: "3" + text
            default: text
            }
        guard let structure = try? StructureIdentifier(number) else {
            throw AdminFailure(refused: "« \(text) » n'est ni un FINESS ni un SIRET.", "not a structure", "EX_GBM_3020")
        }
        return structure
    }

    /// A time; a date alone is its first moment (UTC).
    static func time(_ text: String) throws(AdminFailure) -> Timestamp {
        guard let time = try? Timestamp(xsdDateTime: text.utf8.count == 10 ? text + "T00:00:00Z" : text) else {
            throw AdminFailure(refused: "« \(text) » n'est ni une date ni une date et heure.", "not a time")
        }
        return time
    }
}

/// The work of the commands on accounts, by name of the administrator.
struct AccountWork {
    let accounts: Accounts
    let administrator: String

    init(_ context: AdminContext) {
        accounts = context.node.accounts
        administrator = context.caller.person.identifier
    }

    private var actor: Actor { .administrator(administrator) }

    /// Performs an operation; the accounts trace it with the administrator's name.
    @discardableResult
    func perform(_ operation: AccountOperation) async throws -> Accounts.Outcome {
        try await accounts.perform(operation, by: actor)
    }

    func mailbox(_ text: String) async throws -> Mailbox {
        let address = try AccountWords.address(text)
        guard let mailbox = try await accounts.repository.read({ try $0.mailbox(at: address) }) else {
            throw AdminFailure(refused: "Aucune boîte aux lettres n'a l'adresse \(address.text).", "no such mailbox")
        }
        return mailbox
    }

    func person(_ text: String) async throws -> PersonID {
        let identity = try AccountWords.identity(text)
        guard let person = try await accounts.repository.read({ try $0.person(known: identity) }) else {
            throw AdminFailure(
                refused: "Personne n'est connu sous l'identité « \(text) ».", "no such person", "EX_GBM_4230")
        }
        return person.id
    }

    func details(_ id: MailboxID, advice: [AccountFinding] = []) async throws -> MailboxDetails {
        let details = try await accounts.repository.read { reader in
            try reader.mailbox(id).map { try MailboxDetails($0, reader) }
        }
        guard var details else { throw AdminFailure(refused: "La boîte aux lettres n'existe plus.", "no such mailbox") }
        details.advice = advice.map(\.explanation)
        return details
    }

    /// Performs an operation on a mailbox, and tells how it is then.
    func change(
        _ address: String, _ operation: (MailboxID) async throws -> AccountOperation
    ) async throws -> MailboxDetails {
        let id = try await mailbox(address).id
        let outcome = try await perform(try await operation(id))
        return try await details(id, advice: outcome.advice)
    }
}
