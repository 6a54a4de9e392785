import MSSCore
import MSSTestKit
import Testing

@testable import MSSOperator

@Suite("Settings of the API LPS")
struct ClientSettingsTests {
    private func faults(_ lps: String) -> [SettingsFault] {
        do throws(SettingsError) {
            _ = try OperatorSettings(yaml: SettingsTests.least + lps, file: "/etc/mssante/operateur.yaml")
            return []
        } catch { return error.faults }
    }

    @Test("Nothing is opened by default, and what is written is read back the same")
    func roundTrip() throws {
        var settings = try OperatorSettings(yaml: SettingsTests.least, file: "/etc/mssante/operateur.yaml")
        #expect(!settings.apiLPS.isOpen)
        settings.apiLPS.imapPSC = .init(
            host: try Domain("imap.ch-alpha.mssante.fr"), address: .systemd(name: "imap-psc"))
        settings.apiLPS.submissionCertificate = .init(
            host: try Domain("smtp.ch-alpha.mssante.fr"), address: .tcp(host: "::", port: 587), publishedPort: 588)
        settings.apiLPS.certificates = [CertificateSettings(name: "lps", certificate: "/lps.pem", key: "/lps.key")]
        settings.apiLPS.psc.issuer = "https://psc.essai.fr/auth"
        settings.apiLPS.psc.clients = ["logiciel-1"]
        settings.apiLPS.offersAlternative = true
        let again = try OperatorSettings(yaml: settings.yaml, file: "/etc/mssante/operateur.yaml")
        #expect(again == settings)
        #expect(again.pscIssuer == "https://psc.essai.fr/auth")
    }

    @Test("What makes no sense is told in French, with its key and what to do")
    func faults() throws {
        let nameless = faults("api_lps:\n  lecture_psc:\n    adresse: 0.0.0.0:143\n")
        #expect(nameless.map(\.key) == ["api_lps.lecture_psc.serveur"])
        let twice = faults(
            """
            api_lps:
              envoi_psc: {serveur: a.fr, adresse: "0.0.0.0:587"}
              envoi_certificat: {serveur: b.fr, adresse: "0.0.0.0:587"}

            """)
        #expect(twice.map(\.key) == ["api_lps.envoi_certificat.adresse"], "\(twice)")
        #expect(twice.first?.problem.contains("écoute déjà 0.0.0.0:587") == true)
        let document = faults("api_lps:\n  autoconfiguration: 0.0.0.0:443\n")
        #expect(document.map(\.key) == ["api_lps.autoconfiguration"])
        let clear = faults("api_lps:\n  psc:\n    emetteur: http://psc.essai.fr\n")
        #expect(clear.map(\.key) == ["api_lps.psc.emetteur"])
        let names = faults(
            "api_lps:\n  certificats:\n    - {nom: principal, certificat: /c.pem, cle: /c.key}\n")
        #expect(names.map(\.key) == ["certificats"])
    }
}
