/// `sandbox.json`: every port, URL, file and account of a sandbox. Documented in Documentation/Sandbox.md; members are
/// added, never changed or removed, within one ``version``.
public struct SandboxDescription: Sendable, Hashable, Codable {
    /// The version of this format.
    public static let currentVersion = 1

    /// The version of the format.
    public var version = currentVersion
    /// The folder of the sandbox, absolute; every path below is absolute too.
    public var directory: String
    /// The authorities.
    public var authorities: Authorities
    /// The whitelist.
    public var whitelist: Whitelist
    /// The revocation lists.
    public var crl: RevocationLists
    /// The URL of the OCSP responder.
    public var ocsp: String
    /// The name server.
    public var dns: NameServer
    /// The scanner: its configuration is ready, it is not started by the sandbox.
    public var clamd: Scanner
    /// Where a running sandbox takes commands; the path holds a secret.
    public var control: String
    /// The port where every operator takes messages of the others, each at an address of its own.
    public var smtpPort: Int
    /// Pro Santé Connect.
    public var psc: ProSanteConnect
    /// The ports where every operator serves client software, each at an address of its own.
    public var lps: ClientPorts
    /// The operators.
    public var operators: [Operator]

    /// Files of the authorities, PEM.
    public struct Authorities: Sendable, Hashable, Codable {
        /// Root and intermediate: what a connector trusts.
        public var trustStore: String
        /// The root.
        public var root: String
        /// The intermediate.
        public var intermediate: String
    }

    /// Where the list is.
    public struct Whitelist: Sendable, Hashable, Codable {
        /// Over HTTPS; the server's certificate is of the sandbox's hierarchy.
        public var url: String
        /// The signed list.
        public var file: String
    }

    /// URLs of the lists, DER.
    public struct RevocationLists: Sendable, Hashable, Codable {
        /// The base.
        public var base: String
        /// The root's list.
        public var root: String
        /// The intermediate's full list.
        public var intermediate: String
        /// The intermediate's delta list.
        public var delta: String
    }

    /// The name server.
    public struct NameServer: Sendable, Hashable, Codable {
        /// Its address.
        public var address: String
        /// Its port, of UDP and TCP.
        public var port: Int
        /// The zone, which is read again on every reload.
        public var zone: String
    }

    /// The scanner.
    public struct Scanner: Sendable, Hashable, Codable {
        /// Where it listens, once it runs.
        public var address: String
        /// Its TCP port.
        public var port: Int
        /// What `clamd --config-file` wants.
        public var configuration: String
    }

    /// A Pro Santé Connect.
    public struct ProSanteConnect: Sendable, Hashable, Codable {
        /// Who its tokens name.
        public var issuer: String
        /// The discovery document.
        public var discovery: String
        /// Its signing key, PEM: whoever holds it makes tokens.
        public var key: String
        /// Software that may ask for tokens.
        public var clients: [Client]
    }

    /// Software that Pro Santé Connect knows.
    public struct Client: Sendable, Hashable, Codable {
        /// `client_id`.
        public var id: String
        /// `client_secret`; `nil` for a public client.
        public var secret: String?
    }

    /// The ports of client software's entry points.
    public struct ClientPorts: Sendable, Hashable, Codable {
        /// Submission with a token of Pro Santé Connect.
        public var submissionPSC: Int
        /// Submission with a certificate.
        public var submissionCertificate: Int
        /// Reading with a token of Pro Santé Connect.
        public var imapPSC: Int
        /// Reading with a certificate.
        public var imapCertificate: Int
        /// `config-v1.1.xml`, HTTPS.
        public var autoconfiguration: Int
    }

    /// The hosts of an operator's entry points for client software, as its SRV records name them.
    public struct ClientHosts: Sendable, Hashable, Codable {
        /// Submission with a token of Pro Santé Connect.
        public var submissionPSC: String
        /// Submission with a certificate.
        public var submissionCertificate: String
        /// Reading with a token of Pro Santé Connect.
        public var imapPSC: String
        /// Reading with a certificate.
        public var imapCertificate: String

        /// The hosts below a domain.
        init(_ domain: String) {
            submissionPSC = "submission-psc.\(domain)"
            submissionCertificate = "submission-cert.\(domain)"
            imapPSC = "imap-psc.\(domain)"
            imapCertificate = "imap-cert.\(domain)"
        }

        var all: [String] { [submissionPSC, submissionCertificate, imapPSC, imapCertificate] }
    }

    /// An operator.
    public struct Operator: Sendable, Hashable, Codable {
        /// Its short name.
        public var name: String
        /// Its domains, the main one first.
        public var domains: [String]
        /// The name of its server, of its MX records.
        public var host: String
        /// Its loopback address.
        public var address: String
        /// The hosts of its entry points for client software.
        public var lpsHosts: ClientHosts
        /// The port of its metrics and health, on 127.0.0.1.
        public var observationPort: Int
        /// The legal name of its structure.
        public var structureName: String
        /// Type prefix and national identifier of its structure.
        public var structure: String
        /// The configuration of its mss-operator.
        public var configuration: String
        /// Its accounts, as MSSAccounts loads them (JSON).
        public var accountsFile: String
        /// Its certificates.
        public var credentials: [Credential]
        /// Its persons.
        public var persons: [Person]
        /// Its mailboxes.
        public var mailboxes: [Mailbox]

        /// The certificate of a role.
        public func credential(_ role: Role) -> Credential? { credentials.first { $0.role == role } }
        /// The first mailbox of a kind that is no test mailbox.
        public func mailbox(_ kind: String) -> Mailbox? { mailboxes.first { $0.kind == kind && !$0.isTest } }
    }

    /// What a certificate is for.
    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        /// SERV SSL: connector, server and client.
        case server = "serveur"
        /// ORG AUTH_CLI: an application at the API LPS.
        case applicationClient = "auth-cli"
        /// ORG SIGN: seals.
        case seal = "cachet"
        /// SERV SSL: the entry points of client software.
        case clientServer = "api-lps"
    }

    /// A certificate and its key.
    public struct Credential: Sendable, Hashable, Codable {
        /// What it is for.
        public var role: Role
        /// Its name, for `mss-sandbox revoke`.
        public var name: String
        /// Certificate and intermediate, PEM.
        public var certificate: String
        /// The private key, PEM.
        public var key: String
        /// The subject as the whitelist writes it.
        public var subject: String
    }

    /// A person, also a record of the accounts file.
    public struct Person: Sendable, Hashable, Codable {
        /// `8` and an RPPS number, or `L`, a structure, a colon and a local name.
        public var identity: String
        /// The given name.
        public var givenName: String
        /// The family name.
        public var familyName: String
        /// Whether entitled by law to exchange health data.
        public var isEntitled: Bool
        /// The identity as Pro Santé Connect gives it, for `mss-sandbox token`.
        public var subjectNameID: String

        init(identity: String, givenName: String, familyName: String, isEntitled: Bool) {
            self.identity = identity
            self.givenName = givenName
            self.familyName = familyName
            self.isEntitled = isEntitled
            // « L1750000010:nom » of a structure is « 3750000010/nom » on its card (nomenclature G08).
            let parts = identity.split(separator: ":", maxSplits: 1)
            let type = parts[0].dropFirst().first?.wholeNumberValue
            subjectNameID =
                identity.first == "L" && parts.count == 2
                ? "\((type ?? 1) + 2)\(parts[0].dropFirst(2))/\(parts[1])" : identity
        }
    }

    /// A mailbox.
    public struct Mailbox: Sendable, Hashable, Codable {
        /// `PER`, `ORG`, `CAB` or `APP`.
        public var kind: String
        /// The address.
        public var address: String
        /// The identity of the responsible.
        public var responsible: String
        /// A test mailbox.
        public var isTest: Bool
        /// The automatic-reply mailbox of its domain (EX_GBM_4020).
        public var isAutomaticReply: Bool
    }
}
