import MSSDNS
import MSSIMAP
import MSSSMTP
import MSSTestKit
import Testing

@testable import MSSConnector

@Suite("EX_LPS_0300: client software configures itself")
struct AutoconfigurationTests {
    // Literals that are names.
    static let records = LPSServiceRecords(
        submissionPSC: try! DNSName("smtp-psc.alpha.mssante.fr"),  // a literal
        submissionCertificate: try! DNSName("smtp-app.alpha.mssante.fr"),
        imapPSC: try! DNSName("imap-psc.alpha.mssante.fr"), imapCertificate: try! DNSName("imap-app.alpha.mssante.fr"))
    static let document = AutoconfigurationDocument(
        domain: Samples.domain("alpha.mssante.fr"), name: "Hôpital <Alpha> & fils", entryPoints: records,
        issuer: "https://auth.exemple.fr/realms/esante-wallet")

    @Test("EX_LPS_0110: one address may have as many sessions as all of them, so that none is filtered by it")
    func addresses() {
        let lps = APILPSConfiguration()
        #expect(lps.serverLimits.connectionsPerPeer == lps.serverLimits.connections)
        #expect(lps.imapServerLimits.connectionsPerPeer == lps.imapServerLimits.connections)
    }

    @Test("config-v1.1.xml is the XML that Thunderbird reads, with the four entry points of the SRV records")
    func document() async throws {
        let script = """
            import sys, xml.etree.ElementTree as E
            root = E.fromstring(sys.stdin.buffer.read())
            assert root.tag == "clientConfig" and root.get("version") == "1.1"
            provider = root.find("emailProvider")
            print(provider.find("displayName").text)
            for server in list(provider.findall("incomingServer")) + list(provider.findall("outgoingServer")):
                print(server.get("type"), *[server.find(n).text for n in ("hostname", "port", "socketType", "username")], *[method.text for method in server.findall("authentication")])
            print(root.find("oAuth2/issuer").text)
            """
        let result = try await ExternalTool.run("python3", ["-c", script], input: Self.document.xml())
        #expect(
            result.text == """
                Hôpital <Alpha> & fils
                imap imap-psc.alpha.mssante.fr 143 STARTTLS %EMAILADDRESS% OAuth2
                imap imap-app.alpha.mssante.fr 143 STARTTLS %EMAILADDRESS% TLS-client-cert password-cleartext
                smtp smtp-psc.alpha.mssante.fr 587 STARTTLS %EMAILADDRESS% OAuth2
                smtp smtp-app.alpha.mssante.fr 587 STARTTLS %EMAILADDRESS% TLS-client-cert password-cleartext
                https://auth.exemple.fr/realms/esante-wallet

                """, "\(result.errors)")
    }

    @Test("It is served under both names of a domain of ours, for both paths, and for nothing else")
    func service() throws {
        let service = try AutoconfigurationService([Self.document])
        for path in AutoconfigurationDocument.paths {
            for host in ["alpha.mssante.fr", "autoconfig.alpha.mssante.fr", "AUTOCONFIG.Alpha.mssante.fr:443"] {
                #expect(
                    service.document(target: path + "?emailaddress=a%40b.fr", host: host) == (try Self.document.xml()))
            }
            #expect(service.document(target: path, host: "beta.mssante.fr") == nil)
            #expect(service.document(target: path, host: "") == nil)
        }
        #expect(service.document(target: "/", host: "alpha.mssante.fr") == nil)
        #expect(service.document(target: "/mail/config-v1.1.xml/..", host: "alpha.mssante.fr") == nil)
    }
}
