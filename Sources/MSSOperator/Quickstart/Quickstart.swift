import MSSPolicy
public import MSSCore
import MSSDNS
import MSSStore

/// The files with which a new operator begins: commented configuration, places for keys, DNS records to publish, systemd
/// units, alert rules.
///
/// Making them asks nobody anything and starts nothing. Secrets are made here and nowhere written but in their files.
public struct Quickstart: Sendable {
    /// What is known of the operator.
    public struct Request: Sendable, Hashable {
        /// Its domains, the first one the main one.
        public var domains: [Domain]
        /// The name of its server; `mss.` and the main domain when it is not given.
        public var serverName: Domain?
        /// The trust space of tests instead of production.
        public var isTest = false
        /// Where the commands of the units lie.
        public var program = Quickstart.usualProgram
        /// The account that the service runs under.
        public var account = "mssante"
        /// Where client software is to come in; `nil` leaves that to be decided.
        public var clientAddresses: ClientAddresses?

        /// A request for domains.
        public init(domains: [Domain]) { self.domains = domains }
    }

    /// One file that was made.
    public struct MadeFile: Sendable, Hashable {
        /// Its path from the folder.
        public var name: String
        /// What it is for, in French.
        public var purpose: String
    }

    /// Where sudo finds it by its name alone.
    static let usualProgram = "/usr/local/bin/mss-operator"

    let folder: String
    let request: Request
    let serverName: Domain
    /// What the service keeps.
    var dataFolder: String { "/var/lib/\(request.account)" }
    /// Where the service writes what administrators ask for, backups and exports (decision 0183): the only other place
    /// that its unit leaves open.
    var exportFolder: String { "/srv/\(request.account)" }

    /// Files for a folder, by its absolute path.
    ///
    /// - Throws: `DomainError` when the main domain leaves no room for the server's name.
    public init(folder: String, _ request: Request) throws {
        precondition(!request.domains.isEmpty, "an operator has a domain")
        self.folder = folder
        self.request = request
        serverName = try request.serverName ?? Domain("mss." + request.domains[0].ascii)
    }

    /// The hosts of the four SRV records (EX_LPS_0300): Pro Santé Connect and structure certificates need TLS of their
    /// own on the same ports, hence names of their own.
    static func serviceRecords(_ domain: Domain) throws -> LPSServiceRecords {
        let hosts = try clientHosts(domain)
        let (people, applications) = (try DNSName(hosts.people), try DNSName(hosts.applications))
        return LPSServiceRecords(
            submissionPSC: people, submissionCertificate: applications, imapPSC: people, imapCertificate: applications)
    }

    /// The names of a domain's hosts for persons and for applications.
    static func clientHosts(_ domain: Domain) throws -> (people: Domain, applications: Domain) {
        (try Domain("psc." + domain.ascii), try Domain("app." + domain.ascii))
    }

    /// The settings to begin with.
    public var settings: OperatorSettings {
        get throws {
            var settings = OperatorSettings()
            settings.identity.serverName = serverName
            settings.identity.domains = request.domains
            settings.identity.postmaster = try DirectoryMailAddress("exploitation@\(request.domains[0].ascii)")
            settings.identity.trustSpace = request.isTest ? .test : .production
            settings.certificates = [
                CertificateSettings(
                    name: "principal", certificate: folder + "/cles/operateur.pem", key: folder + "/cles/operateur.cle",
                    serverNames: [serverName])
            ]
            settings.inbound.address = .systemd(name: "smtp")
            if request.clientAddresses != nil { settings.apiLPS = try clientSettings }
            settings.trust.authorities = [folder + "/autorites/igc-sante.pem"]
            settings.antivirus.address = .unix(path: "/run/clamav/clamd.ctl")
            settings.data.folder = dataFolder
            settings.data.masterKey = folder + "/cles/maitresse.cle"
            return settings
        }
    }

    /// The lines for the zones: MX, and the four SRV of each domain.
    public var zone: String {
        get throws {
            let settings = try settings
            var text = """
                ; Enregistrements DNS à publier, zone par zone (forme RFC 1035, noms absolus).
                ; MX : messages des autres opérateurs. Le nom \(serverName.ascii) doit avoir un A (et un AAAA s'il y a lieu).
                ; SRV : logiciels de professionnels de santé (API LPS, EX_LPS_0300) ; à publier à l'ouverture de cette API.

                """
            for domain in request.domains {
                let name = try DNSName(domain)
                text += "\n\(name.absolute) 3600 IN MX 10 \(try DNSName(serverName).absolute)\n"
                text += try settings.apiLPS.records(for: domain).zoneSnippet(for: name)
            }
            return try text + clientZone
        }
    }

    /// Makes the files. A folder that holds something is refused.
    ///
    /// - Throws: ``StoreError/notEmpty(path:)``, or what the system refuses.
    public func make() throws -> [MadeFile] {
        try Files.makeEmpty(folder)
        var made: [MadeFile] = []
        func write(_ name: String, _ text: String, _ purpose: String, mode: UInt32 = 0o640) throws {
            try Files.write(text, to: folder + "/" + name, mode: mode)
            made.append(MadeFile(name: name, purpose: purpose))
        }
        for name in ["cles", "autorites", "systemd", "prometheus"] { try Files.make(folder + "/" + name) }
        try write("operateur.yaml", try settings.yaml, "configuration commentée, à relire ligne par ligne")
        _ = try StoreMasterKey.create(folder + "/cles/maitresse.cle")
        made.append(
            MadeFile(name: "cles/maitresse.cle", purpose: "clé maîtresse, à sauvegarder à part et à ne jamais perdre"))
        try write("cles/LISEZMOI", QuickstartTexts.keys(request.account), "quelle clé se met où")
        try write("autorites/LISEZMOI", QuickstartTexts.authorities, "où prendre les autorités et les comparer")
        try write("dns.zone", try zone, "enregistrements MX et SRV à publier")
        try write("systemd/mss-operator.service", service, "unité systemd durcie")
        try write("systemd/mss-operator.socket", socket, "port 25 sans privilège")
        for unit in clientUnits { try write("systemd/\(unit.file)", unit.text, unit.purpose) }
        try write("prometheus/mss-operator.rules.yml", AlertRules.yaml, "règles d'alerte Prometheus")
        return made
    }
}
