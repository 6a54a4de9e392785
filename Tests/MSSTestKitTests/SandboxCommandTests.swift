import MSSTestKit
import Testing

/// The mss-sandbox executable, used as its readers will use it: in a shell, on files.
@Suite struct SandboxCommandTests {
    @Test("mss-sandbox creates, issues, signs, serves, breaks and revokes, on real files")
    func wholeLife() async throws {
        let directory = try TestFiles.temporaryDirectory("mss-sandbox")
        let script = """
            set -euo pipefail
            cd '\(directory)'
            mss-sandbox pki create bac >/dev/null
            mss-sandbox certificate bac alpha --common-name mx.alpha.mssante.fr
            mss-sandbox certificate bac vieux --defect expire >/dev/null
            openssl verify -CAfile bac/pki/ca.pem bac/certificats/alpha.pem
            { openssl verify -CAfile bac/pki/ca.pem bac/certificats/vieux.pem 2>&1 || true; } | grep -o 'certificate has expired'
            mss-sandbox whitelist generate liste.xml --count 80
            mss-sandbox whitelist sign bac liste.xml --output signee.xml
            xmlsec1 --verify --enabled-key-data x509 --trusted-pem bac/pki/root.pem \\
                --untrusted-pem bac/pki/intermediate.pem signee.xml 2>&1

            coproc serveur { exec mss-sandbox serve bac --count 80 --authorize alpha.mssante.fr=alpha; }
            numero=$serveur_PID
            while read -r ligne <&"${serveur[0]}"; do [[ $ligne == Détails* ]] && break; done
            lire() { python3 -c "import json; print(json.load(open('bac/sandbox.json'))['$1'])"; }
            liste=$(lire listeBlanche) crl=$(lire crl)
            obtenir() { curl -sS --cacert bac/pki/ca.pem "$liste"; }
            obtenir | grep -A2 '<Nom>alpha.mssante.fr<' | grep -o 'CN=mx.alpha.mssante.fr'
            obtenir | cmp - bac/listeblanchemssante.xml && echo 'fichier identique'
            mss-sandbox fault bac liste falsifiee
            obtenir | grep -c 'CN=pirate[.]'
            mss-sandbox fault bac liste aucune
            obtenir | cmp - bac/listeblanchemssante.xml && echo 'fichier identique'
            ! mss-sandbox fault bac liste imaginaire 2>&1
            mss-sandbox certificate revoke bac alpha
            numeroserie=$(openssl x509 -in bac/certificats/alpha.pem -noout -serial | cut -d= -f2)
            curl -sS "$crl/intermediate.crl" | openssl crl -inform DER -noout -text | grep -c "$numeroserie"
            kill -TERM "$numero"
            wait "$numero" && echo 'arrêt propre'
            [[ ! -e bac/sandbox.json ]]
            """
        let result = try await ExternalTool.run(
            "bash", ["-c", "PATH=\(try builtProducts()):$PATH\n" + script], seconds: 240)
        #expect(result.succeeded, "\(result.everything)")
        for line in [
            "  Sujet    : CN=mx.alpha.mssante.fr,OU=1750000010,O=CENTRE HOSPITALIER DE TEST,ST=Paris (75),C=FR",
            "bac/certificats/alpha.pem: OK", "certificate has expired", "OK", "CN=mx.alpha.mssante.fr",
            "fichier identique", "Panne en cours : liste, falsifiee.", "Panne arrêtée : liste.",
            "Error: Panne inconnue : imaginaire.", "CRL publiées.", "arrêt propre",
        ] {
            #expect(
                result.text.split(separator: "\n").contains { $0 == line }, "\(line) missing in \(result.everything)")
        }
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }

    /// The folder of the executables: that of the running test bundle.
    private func builtProducts() throws -> String {
        let path = try #require(CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments.first)
        return path.split(separator: "/").dropLast().reduce(path.hasPrefix("/") ? "" : ".") { "\($0)/\($1)" }
    }
}
