import Glibc
import MSSCore
import MSSStore
import MSSTestKit
import Testing

@testable import MSSOperator

@Suite("quickstart makes what an operator begins with")
struct QuickstartTests {
    private func quickstart(_ folder: String) throws -> Quickstart {
        try Quickstart(
            folder: folder,
            Quickstart.Request(domains: [try Domain("ch-alpha.mssante.fr"), try Domain("ehpad.mssante.fr")]))
    }

    @Test("the configuration that it writes is read back as it was meant, commented key by key")
    func configuration() throws {
        let root = try TestFiles.temporaryDirectory("mss-quickstart")
        defer { CommandWorld.remove(root) }
        let folder = root + "/mssante"
        let quickstart = try quickstart(folder)
        let made = try quickstart.make()
        let yaml = String(decoding: try TestFiles.read(folder + "/operateur.yaml"), as: UTF8.self)
        let settings = try OperatorSettings(yaml: yaml, file: folder + "/operateur.yaml")
        #expect(settings.differences(from: try quickstart.settings).isEmpty)
        #expect(yaml.split(separator: "\n").count { $0.contains("# ") } > 40)
        for file in made { #expect(access(folder + "/" + file.name, R_OK) == 0, "\(file.name)") }
        #expect(throws: StoreError.notEmpty(path: folder)) { _ = try quickstart.make() }
        // The key is a key, and nobody else's.
        _ = try StoreMasterKey.file(folder + "/cles/maitresse.cle")
        var status = stat()
        #expect(stat(folder + "/cles", &status) == 0 && status.st_mode & 0o077 == 0)
        #expect(
            !yaml.contains(
                String(decoding: try TestFiles.read(folder + "/cles/maitresse.cle").prefix(64), as: UTF8.self)))
        #expect(quickstart.nextSteps.count >= 6)
    }

    @Test("EX_LPS_0300: the zone holds the MX and the four SRV of each domain, names absolute")
    func zone() throws {
        let zone = try quickstart("/x").zone
        for domain in ["ch-alpha.mssante.fr.", "ehpad.mssante.fr."] {
            #expect(zone.contains("\(domain) 3600 IN MX 10 mss.ch-alpha.mssante.fr."))
            #expect(zone.contains("_submission._tcp.\(domain) 3600 IN SRV 10 100 587 psc.\(domain)"))
            #expect(zone.contains("_submission._tcp.\(domain) 3600 IN SRV 20 100 587 app.\(domain)"))
            #expect(zone.contains("_imap._tcp.\(domain) 3600 IN SRV 10 100 143 psc.\(domain)"))
            #expect(zone.contains("_imap._tcp.\(domain) 3600 IN SRV 20 100 143 app.\(domain)"))
        }
        for line in zone.split(separator: "\n") where !line.hasPrefix(";") { #expect(line.contains(" IN ")) }
    }

    @Test("the units run as an ordinary user with port 25 from systemd, and say what the settings say")
    func units() throws {
        let quickstart = try quickstart("/etc/mssante")
        #expect(try quickstart.settings.inbound.address == .systemd(name: "smtp"))
        #expect(
            quickstart.socket.contains("ListenStream=25\n") && quickstart.socket.contains("FileDescriptorName=smtp\n"))
        let service = quickstart.service
        for line in [
            "User=mssante", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict",
            "SystemCallFilter=@system-service", "ExecReload=/bin/kill -HUP $MAINPID", "MemoryDenyWriteExecute=yes",
            "ExecStart=/usr/local/bin/mss-operator run --config /etc/mssante/operateur.yaml",
            "StateDirectory=mssante", "StateDirectoryMode=0700", "ReadWritePaths=-/srv/mssante",
        ] { #expect(service.contains(line + "\n"), "\(line)") }
        #expect(try quickstart.settings.data.folder == "/var/lib/mssante")
        // Every line is a section, a setting, a remark or empty.
        for line in (service + quickstart.socket).split(separator: "\n") {
            #expect(line.hasPrefix("[") || line.hasPrefix("#") || line.contains("="), "\(line)")
        }
    }

    @Test("what the service writes to is made before it starts, is its account's, and is open in its unit")
    func folders() throws {
        for account in ["mssante", "courrier"] {
            var request = Quickstart.Request(domains: [try Domain("ch-alpha.mssante.fr")])
            request.account = account
            let quickstart = try Quickstart(folder: "/etc/mssante", request)
            let commands = quickstart.steps.flatMap(\.commands)
            let home = "--home-dir /var/lib/\(account)"
            let order = [
                "sudo useradd --system --user-group \(home) --shell /usr/sbin/nologin \(account)",
                "sudo chown -R \(account):\(account) /etc/mssante",
                "sudo install -d -m 0700 -o \(account) -g \(account) /var/lib/\(account) /srv/\(account)",
                "sudo install -m 0600 -o \(account) -g \(account) operateur.pem operateur.cle /etc/mssante/cles/",
                "sudo -u \(account) mss-operator check",
                "sudo systemctl enable --now mss-operator.socket mss-operator.service",
            ]
            #expect(commands.filter { order.contains($0) } == order, "\(commands)")
            #expect(try quickstart.settings.data.folder == "/var/lib/\(account)")
            for line in ["User=\(account)", "StateDirectory=\(account)", "ReadWritePaths=-/srv/\(account)"] {
                #expect(quickstart.service.contains("\n\(line)\n"), "\(line)")
            }
        }
        // Other places are named.
        var request = Quickstart.Request(domains: [try Domain("ch-alpha.mssante.fr")])
        request.program = "/opt/mssante/mss-operator"
        let steps = try Quickstart(folder: "/opt/mssante/etc", request).steps
        let check = "sudo -u mssante /opt/mssante/mss-operator check --config /opt/mssante/etc/operateur.yaml"
        #expect(steps.contains { $0.commands == [check] })
    }

    @Test(
        "EX_SSI_5100: keys of the service's account are refused to root's check, which tells as whom it is to be run",
        .enabled(if: geteuid() == 0, "only root can give a file away"))
    func otherAccount() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        // Debian's nobody.
        for name in ["operateur.key", "maitresse.cle"] {
            #expect(chown("\(world.root)/cles/\(name)", 65534, 65534) == 0)
        }
        let check = OperatorCheck(world.settings)
        let items = await check.storage() + check.certificates().0
        let refused = items.filter { $0.subject == "Clé maîtresse" || $0.subject.hasPrefix("Certificat") }
        #expect(refused.count == 2 && refused.allSatisfy { $0.verdict == .failure }, "\(refused)")
        #expect(refused.allSatisfy { $0.remedy?.contains("sudo -u mssante mss-operator check") ?? false }, "\(refused)")
    }

    private static let addresses = Quickstart.ClientAddresses(
        people: "192.0.2.10", applications: "2001:db8::11")

    @Test("§6.8.1: with two addresses everything for client software is made: sockets, settings, zone, next steps")
    func clients() throws {
        var request = Quickstart.Request(domains: [try Domain("ch-alpha.mssante.fr"), try Domain("ehpad.mssante.fr")])
        request.clientAddresses = try #require(Self.addresses)
        let quickstart = try Quickstart(folder: "/etc/mssante", request)
        let units = Dictionary(uniqueKeysWithValues: quickstart.clientUnits.map { ($0.file, $0.text) })
        let lps = try quickstart.settings.apiLPS
        for (key, point) in lps.entryPoints {
            let name = key.replacing("_", with: "-")
            #expect(point.address == .systemd(name: name))
            let unit = try #require(units["mss-operator-\(name).socket"])
            let port = name.hasPrefix("envoi") ? 587 : 143
            let host = name.hasSuffix("psc") ? "192.0.2.10" : "[2001:db8::11]"
            for line in ["ListenStream=\(host):\(port)", "FileDescriptorName=\(name)", "Service=mss-operator.service"] {
                #expect(unit.contains("\n\(line)\n"), "\(line)")
            }
            #expect(quickstart.service.contains("mss-operator-\(name).socket"))
        }
        #expect(units.count == 4)
        #expect(quickstart.service.contains("\nSockets=mss-operator.socket mss-operator-envoi-psc.socket "))
        // All is opened at the first start, with what the settings name in its place by then.
        let commands = quickstart.steps.flatMap(\.commands)
        let deposit = "sudo install -m 0600 -o mssante -g mssante api-lps.pem api-lps.cle /etc/mssante/cles/"
        let check = try #require(commands.firstIndex(of: "sudo -u mssante mss-operator check"))
        #expect(commands[..<check].contains(deposit))
        let start = "sudo systemctl enable --now mss-operator.socket mss-operator-envoi-psc.socket "
        #expect(commands.last?.hasPrefix(start) ?? false)
        // The settings contradict nothing, and the zone names the hosts that they have, also for the other domain.
        let read = try OperatorSettings(yaml: try quickstart.settings.yaml, file: "/etc/mssante/operateur.yaml")
        #expect(read.apiLPS == lps)
        let zone = try quickstart.zone
        #expect(zone.contains("_imap._tcp.ehpad.mssante.fr. 3600 IN SRV 20 100 143 app.ch-alpha.mssante.fr."))
        #expect(zone.contains("\npsc.ch-alpha.mssante.fr. 3600 IN A 192.0.2.10\n"))
        #expect(zone.contains("\napp.ch-alpha.mssante.fr. 3600 IN AAAA 2001:db8::11\n"))
        #expect(Quickstart.ClientAddresses(people: "::1", applications: "0:0:0:0:0:0:0:1") == nil)
    }

    @Test("the units are what systemd itself takes; without addresses the client sockets say what they lack")
    func verified() async throws {
        for addresses in [Self.addresses, nil] {
            let root = try TestFiles.temporaryDirectory("mss-units")
            defer { CommandWorld.remove(root) }
            var request = Quickstart.Request(domains: [try Domain("ch-alpha.mssante.fr")])
            request.program = "/bin/true"
            request.clientAddresses = addresses
            _ = try Quickstart(folder: root + "/mssante", request).make()
            let folder = root + "/mssante/systemd"
            let sockets = ["envoi-psc", "lecture-psc", "envoi-certificat", "lecture-certificat"].map {
                "\(folder)/mss-operator-\($0).socket"
            }
            let own = ["\(folder)/mss-operator.service", "\(folder)/mss-operator.socket"]
            let result = try await ExternalTool.run(
                "systemd-analyze", ["verify", "--man=no"] + own + (addresses == nil ? [] : sockets))
            #expect(result.succeeded && !result.errors.contains(folder), "\(result.everything)")
            guard addresses == nil else { continue }
            let lacking = try await ExternalTool.run("systemd-analyze", ["verify", "--man=no"] + sockets)
            #expect(lacking.errors.contains("has no Listen setting"), "\(lacking.everything)")
        }
    }

    @Test("the command makes the sockets from its two addresses, and refuses one alone")
    func command() async throws {
        let root = try TestFiles.temporaryDirectory("mss-quickstart")
        defer { CommandWorld.remove(root) }
        func run(_ more: [String]) async throws -> ExternalTool.Result {
            try await ExternalTool.run(
                OperatorProcess.executable,
                ["quickstart", root + "/mssante", "--domain", "ch-alpha.mssante.fr"] + more)
        }
        let one = try await run(["--adresse-psc", "192.0.2.10"])
        #expect(!one.succeeded && one.errors.contains("deux adresses IP différentes"), "\(one.everything)")
        let both = try await run(["--adresse-psc", "192.0.2.10", "--adresse-certificat", "192.0.2.11"])
        #expect(both.succeeded && both.text.contains("mss-operator-lecture-certificat.socket"), "\(both.everything)")
        #expect(both.text.contains("EX_GDT_5020"))
        let yaml = String(decoding: try TestFiles.read(root + "/mssante/operateur.yaml"), as: UTF8.self)
        #expect(yaml.contains("adresse: systemd:envoi-psc"))
    }

    @Test("EX_SSI_5080, EX_SSI_5120: the alert rules are YAML, and name only metrics that the operator has")
    func alerts() throws {
        guard case .success(.mapping(let top, _)) = SettingsNode.parse(AlertRules.yaml),
            case .list(let groups, _)? = top.first(where: { $0.key == "groups" })?.value,
            case .mapping(let group, _)? = groups.first,
            case .list(let rules, _)? = group.first(where: { $0.key == "rules" })?.value
        else {
            Issue.record("not the form of a rule file")
            return
        }
        #expect(rules.count == AlertRules.rules.count)
        let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let page = String(
            decoding: try TestFiles.read("/\(package)/Sources/MSSOperator/Observation/MetricsPage.swift"), as: UTF8.self
        )
        for rule in AlertRules.rules {
            let names = rule.expression.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.filter {
                $0.hasPrefix("mss_")
            }
            #expect(!names.isEmpty)
            // A histogram has a sum and a count beside its own name.
            for name in names {
                let own = name.replacing("_seconds_sum", with: "_seconds").replacing("_seconds_count", with: "_seconds")
                #expect(page.contains("\"\(own)\""), "\(name)")
            }
        }
        // What would be too small next month is told this month.
        #expect(AlertRules.rules.contains { $0.expression.hasPrefix("predict_linear(mss_disk_free_bytes") })
    }
}
