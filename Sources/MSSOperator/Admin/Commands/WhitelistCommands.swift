import MSSCore
import MSSTLS
import MSSTraces
import MSSWhitelist

/// `liste-blanche`: the state of the whitelist, a refresh, a lookup.
public enum WhitelistCommands {
    static let all: [any AdminCommand.Type] = [Status.self, Refresh.self, Lookup.self]

    /// How fresh the list in force is.
    public enum Status: AdminCommand {
        /// The state.
        public struct Reply: Codable, Sendable, Hashable {
            /// Whether a verified list is in force.
            public var isThere: Bool
            /// When it was generated.
            public var generated: String?
            /// When its source last confirmed it.
            public var confirmed: String?
            /// Its domains.
            public var domains: Int?
            /// The subject of its signer.
            public var signer: String?
            /// SHA-256 of the document.
            public var digest: String?
            /// Oddities in it.
            public var diagnostics: Int
            /// Failures in a row.
            public var failures: Int
            /// The last failure, in French.
            public var lastFailure: String?
            /// The operator's domains that its certificates may speak for by the list.
            public var ownDomains: [String: Bool]

            enum CodingKeys: String, CodingKey {
                case isThere = "presente"
                case generated = "generee"
                case confirmed = "confirmee"
                case domains = "domaines"
                case signer = "signataire"
                case digest = "empreinte"
                case diagnostics = "anomalies"
                case failures = "echecs"
                case lastFailure = "dernier_echec"
                case ownDomains = "domaines_propres"
            }
        }

        /// `liste-blanche`.
        public static let name = "liste-blanche"
        /// To see is to observe.
        public static let duty = AdministrationDuty.observation

        /// Tells.
        public static func run(_ arguments: AdminNothing, _ context: AdminContext) async throws -> Reply {
            let (status, node) = (context.node.trust.whitelist.status, context.node)
            return Reply(
                isThere: status.record != nil, generated: status.record?.generated.shown,
                confirmed: status.record?.confirmedAt.shown, domains: status.record?.domainCount,
                signer: status.record?.signer, digest: status.record?.digest, diagnostics: status.diagnosticCount,
                failures: status.failureCount, lastFailure: status.lastFailure?.explanation,
                ownDomains: Dictionary(
                    uniqueKeysWithValues: node.settings.identity.domains.map { ($0.ascii, node.isListed($0)) }))
        }
    }

    /// Fetches the list now.
    public enum Refresh: AdminCommand {
        /// How.
        public struct Arguments: Codable, Sendable, Hashable {
            /// Whether a list that lost many domains is accepted.
            public var allowsShrinking: Bool?

            /// Arguments.
            public init(allowsShrinking: Bool? = nil) { self.allowsShrinking = allowsShrinking }

            enum CodingKeys: String, CodingKey { case allowsShrinking = "accepter_reduction" }
        }

        /// What came.
        public struct Reply: Codable, Sendable, Hashable {
            /// Whether another list is in force now.
            public var isNew: Bool
            /// What changed, in French, at most 100 sentences.
            public var changes: [String]

            enum CodingKeys: String, CodingKey {
                case isNew = "nouvelle"
                case changes = "changements"
            }
        }

        /// `liste-blanche-actualiser`.
        public static let name = "liste-blanche-actualiser"
        /// The whitelist.
        public static let duty = AdministrationDuty.whitelist
        /// Traced.
        public static func trace(_ arguments: Arguments) -> AdminTrace? {
            AdminTrace(
                .installWhitelist,
                "liste-blanche actualiser\(arguments.allowsShrinking == true ? " (réduction acceptée)" : "")")
        }

        /// Fetches.
        public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
            let result = await context.node.trust.whitelist.refresh(allowsShrinking: arguments.allowsShrinking ?? false)
            switch try result.get() {
            case .unchanged: return Reply(isNew: false, changes: [])
            case .installed(let changes): return Reply(isNew: true, changes: changes.prefix(100).map(\.explanation))
            }
        }
    }

    /// Looks a domain or a certificate up.
    public enum Lookup: AdminCommand {
        /// What.
        public struct Arguments: Codable, Sendable, Hashable {
            /// A domain, an address, or a distinguished name (RFC 4514).
            public var subject: String

            /// Arguments.
            public init(_ subject: String) { self.subject = subject }

            enum CodingKeys: String, CodingKey { case subject = "recherche" }
        }

        /// An entry.
        public struct Entry: Codable, Sendable, Hashable {
            /// The domain.
            public var domain: String
            /// The certificate's name.
            public var certificateName: String

            enum CodingKeys: String, CodingKey {
                case domain = "domaine"
                case certificateName = "certificat"
            }
        }

        /// What was found.
        public struct Reply: Codable, Sendable, Hashable {
            /// The entries.
            public var entries: [Entry]

            enum CodingKeys: String, CodingKey { case entries = "entrees" }
        }

        /// `liste-blanche-chercher`.
        public static let name = "liste-blanche-chercher"
        /// To see is to observe.
        public static let duty = AdministrationDuty.observation

        /// Looks up.
        public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
            guard let list = context.node.trust.whitelist.snapshot else { throw WhitelistRefusal.noList }
            let text = arguments.subject
            let entries: WhitelistEntries
            if text.contains("=") {
                guard let name = try? DistinguishedName(rfc4514: text) else {
                    throw AdminFailure(400, "« \(text.prefix(100)) » n'est pas un nom de certificat (CN=…,O=…,C=FR).")
                }
                entries = list.entries(for: name)
            } else {
                entries = list.entries(
                    for: try QueueCommands.domain(text.split(separator: "@").last.map(String.init) ?? ""))
            }
            return Reply(
                entries: entries.map { Entry(domain: $0.domain.ascii, certificateName: $0.certificateName.rfc4514) })
        }
    }
}

extension OperatorNode {
    /// Whether one of the operator's certificates may speak for a domain, by the list in force.
    func isListed(_ domain: Domain) -> Bool {
        certificates.withLock { $0 }.contains { trust.whitelist.decide($0.certificate.subject, for: domain).isAllowed }
    }
}
