import MSSCore

extension Quickstart {
    /// One thing that remains to be done.
    struct Step: Sendable, Hashable {
        let text: String
        /// What to type for it, word for word, by an administrator who may use sudo.
        let commands: [String]

        init(_ text: String, _ commands: [String] = []) { (self.text, self.commands) = (text, commands) }

        /// As it is printed: each command on a line of its own, so that it can be copied.
        var printed: String {
            commands.isEmpty ? "\(text)." : (["\(text) :"] + commands).joined(separator: "\n       ")
        }
    }

    /// What remains to be done, in order.
    public var nextSteps: [String] { steps.map(\.printed) }

    /// What remains to be done, in order: account and folders before the keys that are given to it, all that `check`
    /// looks at before `check`, and `check` before the first start. Documentation/Operator.md shows the same commands.
    var steps: [Step] { preparation + [start] + opening }

    /// What comes before the first start.
    private var preparation: [Step] {
        let hasClients = request.clientAddresses != nil
        let certificates = hasClients ? " et celui que verront les logiciels de santé" : ""
        return [
            Step(
                "Créer le compte du service, lui donner \(folder), faire ses dossiers (données ; sauvegardes, exports)",
                makeAccount),
            Step(
                """
                Demander à l'ANS le certificat SERV SSL de \(serverName.ascii)\(certificates) ; déposer le certificat, \
                suivi de son autorité intermédiaire, et sa clé
                """, [deposit("operateur")] + (hasClients ? [clientDeposit] : [])),
            Step(
                """
                Déposer la racine et les intermédiaires de l'IGC-Santé ; check affichera leurs empreintes, à comparer \
                (RE_OPE_5040)
                """, ["sudo install -m 0640 \(ownership) igc-sante.pem \(folder)/autorites/"]),
            Step(
                """
                Copier \(folder)/cles/maitresse.cle hors de la machine : sans elle, ni données ni sauvegardes \
                ne se lisent
                """),
            Step("Publier les enregistrements de \(folder)/dns.zone"),
            Step(
                """
                Relire \(folder)/operateur.yaml ; dire à chaque administrateur que ses actions sont tracées à son nom \
                (EX_GDT_5020) et le nommer dans « administration.administrateurs » ; déclarer les conditions \
                d'utilisation (« conditions », EX_DCU_5030)
                """),
            Step("Demander à l'ANS d'inscrire les domaines et le DN du certificat sur la liste blanche"),
            Step("Vérifier, sous le compte du service, seul à lire ses clés", [check]),
        ]
    }

    private var start: Step {
        Step(
            "Installer les unités et démarrer",
            [
                // A shell of root's: the folder is closed to the administrator's, who could not list it.
                "sudo sh -c 'install -m 0644 \(folder)/systemd/* /etc/systemd/system/'",
                request.clientAddresses == nil
                    ? "sudo systemctl enable --now mss-operator.socket mss-operator.service" : clientStart,
            ])
    }

    /// What comes after it.
    private var opening: [Step] {
        let metrics = (try? settings.observation.address.text) ?? ""
        let alerts = Step(
            "Charger \(folder)/prometheus/mss-operator.rules.yml dans Prometheus (métriques : \(metrics))")
        return request.clientAddresses == nil ? [clientStep, alerts] : [alerts]
    }

    // MARK: Commands

    private var makeAccount: [String] {
        let account = request.account
        return [
            "sudo useradd --system --user-group --home-dir \(dataFolder) --shell /usr/sbin/nologin \(account)",
            "sudo chown -R \(account):\(account) \(folder)",
            "sudo install -d -m 0700 \(ownership) \(dataFolder) \(exportFolder)",
        ]
    }

    /// Whose what the service needs is, for install(1).
    private var ownership: String { "-o \(request.account) -g \(request.account)" }

    /// Puts a certificate and its key into their place: a key of another account's is refused (EX_SSI_5100).
    func deposit(_ name: String) -> String {
        "sudo install -m 0600 \(ownership) \(name).pem \(name).cle \(folder)/cles/"
    }

    /// As the service's account: it alone reads its keys, and what root would leave in its folder is closed to it. The
    /// usual places need not be named.
    private var check: String {
        let program = request.program == Quickstart.usualProgram ? "mss-operator" : request.program
        let option = folder == "/etc/mssante" ? "" : " --config \(folder)/operateur.yaml"
        return "sudo -u \(request.account) \(program) check\(option)"
    }
}
