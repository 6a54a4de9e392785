import Logging
import MSSConnector
import MSSCore
import MSSPolicy
import MSSTestKit
import MSSTLS
import Testing

@testable import MSSOperator

@Suite("Settings")
struct SettingsTests {
    /// The least that an operator needs.
    static let least = """
        operateur:
          nom_serveur: mx.ch-alpha.mssante.fr
          domaines: [ch-alpha.mssante.fr]
          exploitation: exploitation@ch-alpha.mssante.fr
        certificats:
          - nom: principal
            certificat: principal.pem
            cle: /etc/mssante/principal.key
        confiance:
          autorites: [/etc/mssante/ca.pem]
        antivirus:
          clamd: /run/clamav/clamd.ctl
        donnees:
          cle_maitresse: maitresse.cle

        """

    private func faults(_ yaml: String) -> [SettingsFault] {
        do throws(SettingsError) {
            _ = try OperatorSettings(yaml: yaml, file: "/etc/mssante/operateur.yaml")
            return []
        } catch { return error.faults }
    }

    @Test("The least settings are read, defaults stand for the rest, relative paths start from the file's folder")
    func least() throws {
        let settings = try OperatorSettings(yaml: Self.least, file: "/etc/mssante/operateur.yaml")
        #expect(settings.identity.serverName.ascii == "mx.ch-alpha.mssante.fr")
        #expect(settings.certificates[0].certificate == "/etc/mssante/principal.pem")
        #expect(settings.certificates[0].key == "/etc/mssante/principal.key")
        #expect(settings.data.masterKey == "/etc/mssante/maitresse.cle")
        #expect(settings.antivirus.address == .unix(path: "/run/clamav/clamd.ctl"))
        #expect(settings.identity.version == .v1_6)
        #expect(settings.inbound.address == .tcp(host: "0.0.0.0", port: 25))
        #expect(settings.whitelist.interval == .seconds(86_400))
        #expect(settings.outbound == OutboundSettings())
    }

    @Test("What is written is read back the same, with every key shown and explained")
    func roundTrip() throws {
        var settings = try OperatorSettings(yaml: Self.least)
        settings.identity.authorName = "Hôpital : \"Beau jour\" #1"
        settings.identity.version = .v1_7draft
        settings.certificates.append(
            CertificateSettings(
                name: "second", certificate: "/c.pem", key: "/c.key",
                serverNames: [try Domain("mx2.ch-alpha.mssante.fr")]))
        settings.outbound.firstRetry = .milliseconds(1500)
        settings.antivirus.infected = .removeAttachments
        settings.administration.administrators = [
            {
                var one = AdministratorSettings()
                (one.account, one.identifier, one.name) = ("alice", "899700000001", "Alice Bertin")
                one.duties = [.queue, .traces]
                return one
            }()
        ]
        settings.inbound.address = .systemd(name: "operateurs")
        settings.observation.address = .tcp(host: "::1", port: 9125)
        let yaml = settings.yaml
        #expect(try OperatorSettings(yaml: yaml) == settings)
        #expect(yaml.contains("#port: 25"))
        #expect(yaml.contains("referentiel: 1.7-projet"))
        #expect(yaml.contains("  - nom: second\n"))
        // Every key of every section stands in it.
        for field in OperatorSettings.fields { #expect(yaml.contains("\(field.key):")) }
        for key in WhitelistSettings.fields.map(\.key) + TaskSettings.fields.map(\.key) {
            #expect(yaml.contains("  #\(key):"), "\(key)")
        }
    }

    @Test("A default written out is the default: uncommenting the file changes nothing")
    func uncommented() throws {
        let settings = try OperatorSettings(yaml: Self.least)
        let open = settings.yaml.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let bare = line.drop { $0 == " " }
            guard bare.hasPrefix("#"), !bare.hasPrefix("# "), bare != "#", !bare.contains("…") else {
                return String(line)
            }
            return String(repeating: " ", count: line.count - bare.count) + bare.dropFirst()
        }
        // An empty list of commands means the same as none; the master key has its file.
        #expect(try OperatorSettings(yaml: open.joined(separator: "\n")) == settings)
    }

    @Test(
        "Each mistake is told in French with its key, its line and what to do",
        arguments: [
            (
                "operateur:\n  nom_serveur: mx..fr", "operateur.nom_serveur", 2,
                "un domaine est attendu, et non « mx..fr »"
            ),
            ("operateur:\n  domaine: [a.fr]", "operateur.domaine", 2, "vouliez-vous dire « domaines »"),
            ("operateur:\n  couleur: bleu", "operateur.couleur", 2, "clés admises ici"),
            ("sortie:\n  port: 70000", "sortie.port", 2, "un nombre de 1 à 65535"),
            ("sortie:\n  premiere_relance: 5 minutes", "sortie.premiere_relance", 2, "par exemple 30s, 5min, 6h ou 1j"),
            ("liste_blanche:\n  url: http://x.fr/l.xml", "liste_blanche.url", 2, "commençant par https://"),
            ("liste_blanche:\n  intervalle: 2j", "liste_blanche.intervalle", 2, "une durée de 1s à 1j"),
            ("antivirus:\n  infecte: ignorer", "antivirus.infecte", 2, "un mot parmi refuser, retirer"),
            ("dns:\n  serveurs: [127.0.0.1@53, chez.moi]", "dns.serveurs[1]", 2, "serveur DNS"),
            ("taches:\n  ronde: 25:00", "taches.ronde", 2, "une heure HH:MM"),
            ("operateur:\n  taille_message: 5Mo", "operateur.taille_message", 2, "une taille (de 10Mo à 100Mio)"),
            ("certificats:\n  - nom: a b", "certificats[0].nom", 2, "un nom court"),
            ("operateur: mx", "operateur", 1, "des clés sont attendues ici"),
            ("antivirus:\n  clamd:", "antivirus.clamd", 2, "la clé n'a pas de valeur"),
            ("sortie:\n  ipv6: peut-être", "sortie.ipv6", 2, "oui ou non"),
        ])
    func mistakes(_ yaml: String, _ key: String, _ line: Int, _ words: String) throws {
        let found = faults(yaml)
        let fault = try #require(found.first { $0.key == key && $0.line == line }, "\(found.map(\.explanation))")
        #expect(fault.explanation.contains(words), "\(fault.explanation)")
        #expect(fault.explanation.hasPrefix("ligne \(line), « \(key) » : "))
    }

    @Test("All mistakes are told at once, those of missing keys too")
    func together() {
        let found = faults("operateur:\n  nom_serveur: x y\nantiviru:\n  clamd: a\n")
        #expect(found.contains { $0.key == "operateur.nom_serveur" })
        #expect(found.contains { $0.key == "antiviru" && $0.remedy.contains("antivirus") })
        for key in ["operateur.domaines", "operateur.exploitation", "certificats", "confiance", "antivirus", "donnees"]
        {
            #expect(found.contains { $0.key == key && $0.problem == "la clé manque" }, "\(key)")
        }
    }

    @Test("What contradicts itself is refused")
    func contradictions() {
        let other = Self.least.replacing("exploitation@ch-alpha.mssante.fr", with: "x@autre.mssante.fr")
        #expect(faults(other).first?.key == "operateur.exploitation")
        #expect(faults(Self.least + "observation:\n  adresse: 0.0.0.0:9125\n").first?.key == "observation.adresse")
        let keys = Self.least.replacing("cle_maitresse: maitresse.cle", with: "dossier: /var/lib/mssante")
        #expect(faults(keys).first?.key == "donnees.cle_maitresse")
        #expect(faults(Self.least + "traces:\n  cle: /x.key\n").first?.key == "traces.certificat")
    }

    @Test(
        "What is no YAML is refused with the line",
        arguments: [
            ("operateur:\n\tnom: x", 2), ("a: [1, 2\nb: 3", 2), ("a: 1\na: 2", nil), ("a: *b", nil), ("", nil),
            ("- a\n- b", nil), ("a: &x [1]\nb: *x", nil),
        ])
    func noYAML(_ yaml: String, _ line: Int?) {
        let found = faults(yaml)
        #expect(!found.isEmpty)
        if let line { #expect(found.contains { $0.line == line }, "\(found)") }
    }

    @Test("A file that others may write, that is missing or not UTF-8 is refused")
    func files() throws {
        let folder = try TestFiles.temporaryDirectory("mss-settings")
        let path = "\(folder)/operateur.yaml"
        func problem() -> String? {
            do throws(SettingsError) { _ = try OperatorSettings(contentsOf: path) } catch { return error.explanation }
            return nil
        }
        #expect(problem()?.contains("ne peut pas être lu") == true)
        try TestFiles.write(Self.least, to: path, mode: 0o666)
        #expect(problem()?.contains("chmod go-w") == true)
        try TestFiles.write([0xFF, 0xFE, 0x00], to: path)
        #expect(problem()?.contains("UTF-8") == true)
        try TestFiles.write(Self.least, to: path)
        #expect(problem() == nil)
        #expect(try OperatorSettings(contentsOf: path).data.masterKey == "\(folder)/maitresse.cle")
    }

    @Test("A reload is told what changed, and what needs a restart")
    func differences() throws {
        let old = try OperatorSettings(yaml: Self.least)
        var new = old
        new.observation.logLevel = .debug
        new.outbound.port = 2525
        new.certificates[0].certificate = "/autre.pem"
        let found = Dictionary(uniqueKeysWithValues: new.differences(from: old).map { ($0.key, $0.isLive) })
        #expect(found == ["observation.journal": true, "sortie.port": false, "certificats": true])
    }

    @Test("Durations and sizes keep their value in any unit")
    func units() {
        #expect(SettingsUnits.duration("90min") == .seconds(5400))
        #expect(SettingsUnits.duration(.seconds(7200)) == "2h")
        #expect(SettingsUnits.duration("1") == nil)
        #expect(SettingsUnits.duration("-1s") == nil)
        #expect(SettingsUnits.duration("9223372036854775807j") == nil)
        #expect(SettingsUnits.size("10Mio") == 10_485_760)
        #expect(SettingsUnits.size(10_000_000) == "10Mo")
        #expect(SettingsUnits.size("99999999999999999999") == nil)
        #expect(SettingsAddress("[::1]:25") == .tcp(host: "::1", port: 25))
        #expect(SettingsAddress("::1:25") == nil)
        #expect(SettingsAddress("systemd:") == nil)
        #expect(SettingsAddress("/" + String(repeating: "a", count: 120)) == nil)
    }
}
