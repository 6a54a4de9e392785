import MSSAccounts
import MSSConnector
import MSSCore
import MSSProSanteConnect
import MSSStore
import MSSTraces

/// The commands about the operator's own method of access, beside Pro Santé Connect (RE_LPS_0100).
public enum AccessCommands {
    /// All of them.
    public static let all: [any AdminCommand.Type] = [EnrolAccess.self, RevokeAccess.self, ListAccess.self]

    /// The name that a person logs in with, when the operator offers the method and knows the person.
    static func person(_ text: String, _ context: AdminContext) async throws -> (login: String, person: Person) {
        guard context.node.settings.apiLPS.offersAlternative else {
            throw AdminFailure(
                refused: "La méthode alternative n'est pas offerte : « api_lps.methode_alternative: oui ».",
                "not offered", "RE_LPS_0100")
        }
        let identity = try AccountWords.identity(text)
        guard let person = try await context.node.accounts.repository.read({ try $0.person(known: identity) }) else {
            throw AdminFailure(refused: "Personne n'est connu sous cette identité.", "unknown person", "EX_GBM_4230")
        }
        guard let login = identity.subjectNameID else {
            throw AdminFailure(refused: "Cette identité n'ouvre pas de session.", "no login name", "RE_LPS_0100")
        }
        return (login, person)
    }
}

/// `acces inscrire`: a new password and a new one-time password.
public enum EnrolAccess: AdminCommand {
    /// Who.
    public struct Arguments: Codable, Sendable, Hashable {
        /// The identity.
        public var person: String
        /// Whom.
        public init(person: String) { self.person = person }
    }

    /// What is handed to the person, and shown this once.
    public struct Reply: Codable, Sendable, Hashable {
        /// The name to log in with, before `*` and the mailbox.
        public var login: String
        /// The password.
        public var password: String
        /// The URL that a telephone's camera reads.
        public var url: String
    }

    /// `acces-inscrire`.
    public static let name = "acces-inscrire"
    /// Persons.
    public static let duty = AdministrationDuty.persons

    /// Who was enrolled; nothing of the secrets.
    public static func trace(_ arguments: Arguments) -> AdminTrace? {
        AdminTrace(.changeConfiguration, "inscription à la méthode alternative : \(arguments.person)")
    }

    /// The alphabet of passwords: no letter that is taken for another.
    private static let letters = Array("abcdefghjkmnpqrstuvwxyz23456789".utf8)

    /// Enrols the person; what she had before is gone.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
        let (login, person) = try await AccessCommands.person(arguments.person, context)
        // Twenty letters of thirty-one: 99 bits. The administrator chooses none, and so none is reused.
        var random = SystemRandomNumberGenerator()
        let groups = (0..<4).map { _ in
            String(decoding: (0..<5).map { _ in letters.randomElement(using: &random)! }, as: UTF8.self)  // not empty
        }
        let password = groups.joined(separator: "-")
        let hash = await Task.detached { PasswordHash(password) }.value
        guard let hash else { throw AdminFailure(500, "La mémoire manque pour le mot de passe.") }
        let code = OneTimePassword.enrol()
        try await context.node.clients.credentials.enrol(
            AlternativeCredential(person: login, password: hash, oneTimePassword: code), at: context.now)
        return Reply(
            login: login, password: password,
            url: code.enrolmentURL(
                account: "\(person.givenName) \(person.familyName)",
                issuer: context.node.settings.identity.serverName.ascii))
    }
}

/// `acces revoquer`.
public enum RevokeAccess: AdminCommand {
    /// `acces-revoquer`.
    public static let name = "acces-revoquer"
    /// Persons.
    public static let duty = AdministrationDuty.persons

    /// Whose access ended.
    public static func trace(_ arguments: EnrolAccess.Arguments) -> AdminTrace? {
        AdminTrace(.changeConfiguration, "retrait de la méthode alternative : \(arguments.person)")
    }

    /// Takes the credential away, of persons who are no more known too.
    public static func run(_ arguments: EnrolAccess.Arguments, _ context: AdminContext) async throws -> AdminNothing {
        let login = try AccountWords.identity(arguments.person).subjectNameID ?? arguments.person
        guard try await context.node.clients.credentials.remove(login) else {
            throw AdminFailure(refused: "Cette personne n'était pas inscrite.", "not enrolled", "RE_LPS_0100")
        }
        return AdminNothing()
    }
}

/// `acces lister`.
public enum ListAccess: AdminCommand {
    /// Somebody enrolled.
    public struct Entry: Codable, Sendable, Hashable {
        /// The name to log in with.
        public var login: String
        /// When.
        public var made: String
        /// When a code was last used.
        public var lastUsed: String?
    }

    /// `acces-lister`.
    public static let name = "acces-lister"
    /// Persons.
    public static let duty = AdministrationDuty.persons

    /// Everybody.
    public static func run(_ arguments: AdminNothing, _ context: AdminContext) async throws -> [Entry] {
        try await context.node.clients.credentials.enrolments().map {
            Entry(login: $0.person, made: $0.made.shown, lastUsed: $0.lastUsed?.shown)
        }
    }
}
