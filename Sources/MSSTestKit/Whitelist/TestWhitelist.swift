public import MSSCore

/// A whitelist to be written, signed and served: what ANS publishes, as plain data.
///
/// Names and DNs are text as they stand in the file: odd ones are kept odd.
public struct TestWhitelist: Sendable, Hashable {
    /// One `Domaine` element.
    public struct Entry: Sendable, Hashable {
        /// `Nom`.
        public var name: String
        /// `Description`.
        public var description: String
        /// `DNCertificatOperateur`.
        public var certificateName: String
        /// `DateMAJ`.
        public var updated: Timestamp

        /// An entry from its four fields; both contacts are always empty in published lists.
        public init(name: String, description: String = "", certificateName: String, updated: Timestamp) {
            self.name = name
            self.description = description
            self.certificateName = certificateName
            self.updated = updated
        }
    }

    /// `DateDeGeneration`.
    public var generated: Timestamp
    /// `versionFormat`: in the Référentiel's table 42, absent from the published file.
    public var formatVersion: String?
    /// The `Domaine` elements in order.
    public var entries: [Entry]

    /// A list from its parts.
    public init(generated: Timestamp, formatVersion: String? = nil, entries: [Entry]) {
        self.generated = generated
        self.formatVersion = formatVersion
        self.entries = entries
    }

    /// A list of pairs (domain, DN of the certificate that may speak for it), in the order given.
    public init(generated: Timestamp, domains: [(name: String, certificateName: String)]) {
        self.init(
            generated: generated,
            entries: domains.map {
                Entry(
                    name: $0.name, description: "Domaine de messagerie MSSanté de test",
                    certificateName: $0.certificateName, updated: generated)
            })
    }

    /// Adds an entry that lets the holder of `credential` speak for `domain`.
    public mutating func authorize(_ credential: TestCredential, for domain: String) {
        entries.append(
            Entry(
                name: domain, description: "Domaine de messagerie MSSanté de \(domain)",
                certificateName: credential.subject, updated: generated))
    }
}
