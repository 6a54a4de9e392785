import MSSCore
import MSSDNS

extension Quickstart {
    /// Where client software is to come in (§6.8.1). Pro Santé Connect and structure certificates have the same two ports,
    /// so each needs an address of its own.
    public struct ClientAddresses: Sendable, Hashable {
        /// For persons, by Pro Santé Connect.
        let people: IPAddress
        /// For applications, by certificate.
        let applications: IPAddress

        /// Two IP addresses of this machine; `nil` when they are none, or one.
        public init?(people: String, applications: String) {
            guard let first = IPAddress(people), let second = IPAddress(applications), first != second else {
                return nil
            }
            (self.people, self.applications) = (first, second)
        }
    }

    /// The name of the certificate's files that entry points for client software show.
    private static let certificate = "api-lps"

    /// One of the four entry points.
    private struct ClientEntry {
        /// The name of the socket: its key in `api_lps`, with `-`.
        var name: String
        var port: Int
        var isForPeople: Bool
        var description: String
    }

    private static let clientEntries = [
        ClientEntry(
            name: "envoi-psc", port: 587, isForPeople: true, description: "Envoi par Pro Santé Connect (TM5.2P)"),
        ClientEntry(
            name: "lecture-psc", port: 143, isForPeople: true, description: "Lecture par Pro Santé Connect (TM5.3P)"),
        ClientEntry(
            name: "envoi-certificat", port: 587, isForPeople: false, description: "Envoi par certificat (TM5.4P)"),
        ClientEntry(
            name: "lecture-certificat", port: 143, isForPeople: false, description: "Lecture par certificat (TM5.4P)"),
    ]

    /// The entry points as the settings have them, once their addresses are known.
    var clientSettings: APILPSSettings {
        get throws {
            let (people, applications) = try Quickstart.clientHosts(request.domains[0])
            var settings = APILPSSettings()
            settings.submissionPSC = .init(host: people, address: .systemd(name: "envoi-psc"))
            settings.imapPSC = .init(host: people, address: .systemd(name: "lecture-psc"))
            settings.submissionCertificate = .init(host: applications, address: .systemd(name: "envoi-certificat"))
            settings.imapCertificate = .init(host: applications, address: .systemd(name: "lecture-certificat"))
            let file = "\(folder)/cles/\(Quickstart.certificate)"
            settings.certificates = [
                CertificateSettings(
                    name: Quickstart.certificate, certificate: file + ".pem", key: file + ".cle",
                    serverNames: [people, applications])
            ]
            return settings
        }
    }

    /// The addresses of the hosts that the SRV records name, once they are known.
    var clientZone: String {
        get throws {
            guard let addresses = request.clientAddresses else { return "" }
            let (people, applications) = try Quickstart.clientHosts(request.domains[0])
            return try [(people, addresses.people), (applications, addresses.applications)].map { host, address in
                "\n\(try DNSName(host).absolute) 3600 IN \(address.isIPv6 ? "AAAA" : "A") \(address)\n"
            }.joined()
        }
    }

    /// The sockets of the entry points (systemd.socket(5)), a unit for each: the name given to a descriptor is its unit's.
    var clientUnits: [(file: String, text: String, purpose: String)] {
        Quickstart.clientEntries.map { entry in
            (Quickstart.unit(entry.name), text(entry), "port \(entry.port) sans privilège : \(entry.description)")
        }
    }

    /// For the service: the sockets beside the one of its own name that are passed to it (systemd.service(5)).
    var clientSockets: String {
        let names = Quickstart.clientEntries.map { Quickstart.unit($0.name) }.joined(separator: " ")
        guard request.clientAddresses == nil else { return "Sockets=mss-operator.socket \(names)" }
        return "# Les logiciels de santé, à l'ouverture de l'API LPS :\n#Sockets=mss-operator.socket \(names)"
    }

    private static func unit(_ name: String) -> String { "mss-operator-\(name).socket" }

    private func text(_ entry: ClientEntry) -> String {
        let listen: String
        if let addresses = request.clientAddresses {
            let address = entry.isForPeople ? addresses.people : addresses.applications
            listen = "ListenStream=\(SettingsAddress.tcp(host: "\(address)", port: entry.port).text)"
        } else {
            listen = """
                # Une adresse de cette machine : celle du nom que publie l'enregistrement SRV. Jeton et certificat ont les mêmes
                # ports, donc chacun son adresse.
                #ListenStream=ADRESSE:\(entry.port)
                """
        }
        return """
            # \(entry.description), port \(entry.port) : socket ouverte par systemd et passée au service sous le nom
            # « \(entry.name) », que la configuration désigne par systemd:\(entry.name).
            [Unit]
            Description=\(entry.description), opérateur MSSanté

            [Socket]
            \(listen)
            FreeBind=yes
            FileDescriptorName=\(entry.name)
            Backlog=1024
            NoDelay=yes
            Service=mss-operator.service

            [Install]
            WantedBy=sockets.target

            """
    }

    /// The command that puts the files of the certificate for client software into their place.
    var clientDeposit: String { deposit(Quickstart.certificate) }

    /// The command that opens all entry points: together, for systemd refuses a socket whose service runs.
    var clientStart: String {
        let sockets = Quickstart.clientEntries.map { Quickstart.unit($0.name) }.joined(separator: " ")
        return "sudo systemctl enable --now mss-operator.socket \(sockets) mss-operator.service"
    }

    /// What is to be done so that client software comes in, where that is not yet decided.
    var clientStep: Step {
        Step(
            "À l'ouverture de l'API LPS, donner deux adresses aux unités mss-operator-*.socket (ListenStream=) et à "
                + "« api_lps » les noms et systemd:NOM, décommenter « Sockets= » de mss-operator.service, puis",
            [
                clientDeposit, "sudo systemctl daemon-reload",
                "sudo systemctl stop mss-operator.socket mss-operator.service", clientStart,
            ])
    }
}
