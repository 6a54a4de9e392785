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
            mss-sandbox create bac --operator alpha=alpha.mssante.fr,labo.alpha.mssante.fr --operator beta=beta.mssante.fr \\
                --domains 80 >/dev/null
            ! mss-sandbox create bac 2>&1 | grep -o 'contient déjà un bac à sable'
            mss-sandbox certificate bac gamma --common-name mx.gamma.mssante.fr
            mss-sandbox certificate bac vieux --defect expire >/dev/null
            openssl verify -CAfile bac/pki/ca.pem bac/certificats/{gamma,alpha,alpha-auth-cli,beta-cachet}.pem
            { openssl verify -CAfile bac/pki/ca.pem bac/certificats/vieux.pem 2>&1 || true; } | grep -o 'certificate has expired'
            mss-sandbox whitelist generate liste.xml --count 80
            mss-sandbox whitelist sign bac liste.xml --output signee.xml
            verifier() {
                xmlsec1 --verify --enabled-key-data x509 --trusted-pem bac/pki/root.pem \\
                    --untrusted-pem bac/pki/intermediate.pem "$1" 2>&1
            }
            verifier signee.xml
            ! mss-sandbox fault bac liste falsifiee 2>&1 | grep -o 'Le bac à sable ne tourne pas'

            coproc serveur { exec mss-sandbox run bac; }
            numero=$serveur_PID
            attendre() { while read -r ligne <&"${serveur[0]}"; do [[ $ligne == 'Le bac'* ]] && break; done; }
            attendre
            lire() { python3 -c "import json; print(json.load(open('bac/sandbox.json'))$1)"; }
            liste=$(lire "['whitelist']['url']") crl=$(lire "['crl']['intermediate']")
            obtenir() { curl -sS --cacert bac/pki/ca.pem "$liste"; }
            obtenir | grep -A2 '<Nom>alpha.mssante.fr<' | grep -o 'CN=mx.alpha.mssante.fr'
            obtenir | cmp - bac/listeblanchemssante.xml && echo 'fichier identique'
            verifier bac/listeblanchemssante.xml
            mss-sandbox fault bac liste falsifiee
            obtenir | grep -c 'CN=pirate[.]'
            mss-sandbox fault bac liste aucune
            obtenir | cmp - bac/listeblanchemssante.xml && echo 'fichier identique'
            ! mss-sandbox fault bac liste imaginaire 2>&1
            mss-sandbox authorize bac gamma.mssante.fr gamma
            obtenir >nouvelle.xml
            grep -A2 '<Nom>gamma.mssante.fr<' nouvelle.xml | grep -o 'CN=mx.gamma.mssante.fr'
            verifier nouvelle.xml
            interroger() { dig +short @127.0.0.1 -p "$(lire "['dns']['port']")" "$@"; }
            interroger labo.alpha.mssante.fr MX
            interroger mx.beta.mssante.fr A
            mss-sandbox fault bac dns vide
            [[ -z $(interroger mx.beta.mssante.fr A) ]]
            mss-sandbox fault bac dns aucune
            mss-sandbox revoke bac alpha
            numeroserie=$(openssl x509 -in bac/certificats/alpha.pem -noout -serial | cut -d= -f2)
            curl -sS "$crl" | openssl crl -inform DER -noout -text | grep -c "$numeroserie"
            kill -TERM "$numero"
            wait "$numero" && echo 'arrêt propre'

            coproc serveur { exec mss-sandbox run bac; }
            numero=$serveur_PID
            attendre
            obtenir | cmp - nouvelle.xml && echo 'mêmes ports, même liste'
            curl -sS "$crl" | openssl crl -inform DER -noout -text | grep -c "$numeroserie"
            kill -TERM "$numero"
            wait "$numero"
            """
        let result = try await ExternalTool.run(
            "bash", ["-c", "PATH=\(try builtProducts()):$PATH\n" + script], seconds: 240)
        #expect(result.succeeded, "\(result.everything)")
        for line in [
            "contient déjà un bac à sable", "Le bac à sable ne tourne pas",
            "  Sujet    : CN=mx.gamma.mssante.fr,OU=1750000010,O=CENTRE HOSPITALIER DE TEST,ST=Paris (75),C=FR",
            "bac/certificats/gamma.pem: OK", "bac/certificats/alpha.pem: OK", "bac/certificats/beta-cachet.pem: OK",
            "certificate has expired", "OK", "CN=mx.alpha.mssante.fr", "fichier identique",
            "Panne en cours : liste, falsifiee.", "Panne arrêtée : liste.", "Erreur : Panne inconnue : imaginaire.",
            "CN=mx.gamma.mssante.fr", "10 mx.alpha.mssante.fr.", "127.0.0.3", "Panne en cours : dns, vide.",
            "Bac à sable rechargé.", "arrêt propre", "mêmes ports, même liste",
        ] {
            #expect(
                result.text.split(separator: "\n").contains { $0 == line }, "\(line) missing in \(result.everything)")
        }
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }

    @Test("mss-sandbox token prints tokens that openssl verifies with the sandbox's key, and bad ones on demand")
    func tokens() async throws {
        let directory = try TestFiles.temporaryDirectory("mss-sandbox")
        let script = """
            set -euo pipefail
            cd '\(directory)'
            jeton=$(mss-sandbox token . 899700000009)
            printf '%s' "${jeton%.*}" > signe
            decoder='import base64,sys; sys.stdout.buffer.write(base64.urlsafe_b64decode(sys.argv[1].split(".")[2] + "=="))'
            python3 -c "$decoder" "$jeton" > signature
            openssl rsa -in psc.key -pubout -out publique.pem 2>/dev/null
            openssl dgst -sha256 -verify publique.pem -signature signature signe
            mss-sandbox token . 899700000009 --defaut alg-none | grep -c '[.]$'
            mss-sandbox token . 899700000009 --xoauth2 a@b.mssante.fr | base64 -d | head -c 20; echo
            stat -c 'mode %a' psc.key
            ! mss-sandbox token . 899700000009 --defaut imaginaire 2>&1
            """
        let result = try await ExternalTool.run(
            "bash", ["-c", "PATH=\(try builtProducts()):$PATH\n" + script], seconds: 240)
        #expect(result.succeeded, "\(result.everything)")
        for line in ["Verified OK", "1", "user=a@b.mssante.fr\u{1}", "mode 600"] {
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
