/// The configuration of an operator of the sandbox, as `mss-operator` reads it.
///
/// Text, since this library stands below MSSOperator; the tests of MSSOperator read every file made here.
struct SandboxConfiguration {
    let sandbox: SandboxDescription
    let one: SandboxDescription.Operator
    let postmaster: String

    /// The folder of the operator's data.
    var folder: String { "\(sandbox.directory)/operateurs/\(one.name)" }
    /// The file of the master key.
    var masterKey: String { "\(folder)/cle-maitresse" }

    /// Waits are short, so that who tries something sees what comes of it.
    var yaml: String {
        func path(_ role: SandboxDescription.Role, _ part: KeyPath<SandboxDescription.Credential, String>) -> String {
            one.credential(role).map { $0[keyPath: part] } ?? ""
        }
        return """
            # Opérateur « \(one.name) » du bac à sable \(sandbox.directory) (mss-sandbox create).
            # Les attentes y sont courtes ; les autres valeurs sont celles par défaut.
            operateur:
              nom_serveur: \(one.host)
              domaines: [\(one.domains.joined(separator: ", "))]
              exploitation: \(postmaster)
              espace: test
            certificats:
              - nom: principal
                certificat: \(path(.server, \.certificate))
                cle: \(path(.server, \.key))
                serveurs: [\(one.host)]
            entree:
              adresse: \(one.address):\(sandbox.smtpPort)
              delai_arret: 5s
            sortie:
              port: \(sandbox.smtpPort)
              ipv6: false
              premiere_relance: 2s
              relance_maximale: 30s
            api_lps:
              \(entryPoints.joined(separator: "\n  "))
              certificats:
                - nom: api-lps
                  certificat: \(path(.clientServer, \.certificate))
                  cle: \(path(.clientServer, \.key))
              psc:
                emetteur: \(sandbox.psc.issuer)
                autorites_https: [\(sandbox.authorities.trustStore)]
              methode_alternative: oui
              autoconfiguration: \(one.address):\(sandbox.lps.autoconfiguration)
            dns:
              serveurs: ["\(sandbox.dns.address)@\(sandbox.dns.port)"]
              delai: 5s
              conservation: 1s
            confiance:
              autorites: [\(sandbox.authorities.trustStore)]
            liste_blanche:
              url: \(sandbox.whitelist.url)
              autorites_https: [\(sandbox.authorities.trustStore)]
              intervalle: 5s
              relance: 1s
            revocation:
              crl: [\(sandbox.crl.root), \(sandbox.crl.intermediate)]
              ocsp: \(sandbox.ocsp)
              intervalle: 2s
            antivirus:
              clamd: \(sandbox.clamd.address):\(sandbox.clamd.port)
              taille_maximale: 100Mio
            donnees:
              dossier: \(folder)/donnees
              cle_maitresse: \(masterKey)
              taille_fichiers: 1Mio
            traces:
              certificat: \(path(.seal, \.certificate))
              cle: \(path(.seal, \.key))
            administration:
              socket: \(folder)/admin.sock
            observation:
              adresse: 127.0.0.1:\(one.observationPort)

            """
    }

    /// The four entry points of client software, each of its keys on a line.
    private var entryPoints: [String] {
        let (hosts, ports) = (one.lpsHosts, sandbox.lps)
        return [
            ("envoi_psc", hosts.submissionPSC, ports.submissionPSC),
            ("envoi_certificat", hosts.submissionCertificate, ports.submissionCertificate),
            ("lecture_psc", hosts.imapPSC, ports.imapPSC),
            ("lecture_certificat", hosts.imapCertificate, ports.imapCertificate),
        ].flatMap { key, host, port in
            ["\(key):", "  serveur: \(host)", "  adresse: \(one.address):\(port)", "  port: \(port)"]
        }
    }
}
