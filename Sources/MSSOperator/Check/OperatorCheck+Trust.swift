import MSSConnector
import MSSCore
import MSSTLS
import MSSWhitelist

extension OperatorCheck {
    /// Days before the end of a certificate that somebody should see to it; a renewal by ANS takes some of them.
    static let renewalDays: Int64 = 45

    // MARK: Certificates

    /// The operator's certificates; those that can be read are returned too.
    func certificates() -> ([CheckItem], own: [OperatorIdentity]) {
        var items: [CheckItem] = []
        var own: [OperatorIdentity] = []
        let verifier = (try? TrustServices.authorities(settings.trust)).map { PKIXVerifier(trustStore: $0) }
        for one in settings.certificates {
            let subject = "Certificat « \(one.name) »"
            let identity: OperatorIdentity
            do { identity = try Identities.load(one) } catch {
                items.append(
                    Self.failure(
                        subject, error,
                        remedy: Self.ownershipRemedy(one.key)
                            ?? "Vérifiez \(one.certificate) et \(one.key) : forme PEM, droits 0600, "
                            + "clé de ce certificat."))
                continue
            }
            own.append(identity)
            items.append(validity(subject, identity.tls.chain[0]))
            if !identity.tls.key.matches(identity.tls.chain[0]) {
                items.append(
                    CheckItem(
                        subject, .failure, "La clé privée n'est pas celle du certificat.",
                        remedy: "Déposez la clé privée de ce certificat.", "EX_SSI_5100"))
            }
            do throws(TLSConfigurationFailure) {
                _ = try TLSContext(
                    .server(
                        policy: .operator(settings.identity.version), identity: identity.tls,
                        clientAuthentication: .none))
            } catch {
                items.append(Self.failure(subject, error, remedy: "Déposez la clé privée de ce certificat."))
            }
            if let verifier { items += path(subject, identity.tls.chain[0], verifier) }
            items += names(subject, one, identity.tls.chain[0])
        }
        return (items, own)
    }

    private func validity(_ subject: String, _ certificate: Certificate) -> CheckItem {
        let left = certificate.notAfter - now
        let end = String(certificate.notAfter.xsdDateTime.prefix(10))
        let renewal = "Demandez son renouvellement à l'ANS, déposez-le, puis « systemctl reload mss-operator »."
        if now < certificate.notBefore {
            return CheckItem(
                subject, .failure, "Il n'est valable qu'à partir du \(certificate.notBefore.shown).",
                remedy: "Vérifiez la date de la machine, ou attendez.", "EX_SSI_5085")
        }
        if left <= .zero {
            return CheckItem(subject, .failure, "Il a expiré le \(end).", remedy: renewal, "EX_SSI_5085")
        }
        if left < .seconds(Self.renewalDays * 86_400) {
            return CheckItem(
                subject, .warning, "Il expire le \(end), dans \(left.frenchAge).", remedy: renewal, "EX_SSI_5085")
        }
        return CheckItem(subject, .ok, "\(certificate.subject), jusqu'au \(end).", "EX_SSI_5085")
    }

    private func path(_ subject: String, _ certificate: Certificate, _ verifier: PKIXVerifier) -> [CheckItem] {
        [PeerPurpose.server, .client].compactMap { purpose in
            let peer = PresentedPeer(certificateDER: certificate.der, purpose: purpose)
            guard case .failure(let failure) = verifier.validatePath(peer, at: now) else { return nil }
            return Self.failure(
                subject, failure,
                remedy:
                    "Les autres opérateurs le refuseront aussi : déposez un certificat SERV SSL de l'IGC-Santé et ses autorités."
            )
        }
    }

    private func names(_ subject: String, _ settings: CertificateSettings, _ certificate: Certificate) -> [CheckItem] {
        let names = settings.serverNames.isEmpty ? [self.settings.identity.serverName] : settings.serverNames
        let present = certificate.subjectAlternativeNames.compactMap { name in
            if case .dns(let host) = name { host.lowercased() } else { nil }
        }
        let missing = names.filter { !present.contains($0.ascii) }
        guard !missing.isEmpty else { return [] }
        return [
            CheckItem(
                subject, .warning, "Il ne porte pas le nom \(missing.map(\.ascii).joined(separator: ", ")).",
                remedy: "Entre opérateurs seul le DN compte ; les clients qui comparent le nom refuseront.")
        ]
    }

    // MARK: Authorities

    /// RE_OPE_5040: each installed authority with its fingerprint, compared with the list kept beside them.
    func authorities() -> [CheckItem] {
        let subject = "Autorités IGC-Santé"
        let store: TrustStore
        do { store = try TrustServices.authorities(settings.trust) } catch {
            return [
                Self.failure(
                    subject, error,
                    remedy: "Déposez la racine et les intermédiaires de http://igc-sante.esante.gouv.fr/PC/#ca (PEM).")
            ]
        }
        var items: [CheckItem] = []
        let known = environment.fingerprints.flatMap { KnownFingerprints(file: $0) }
        for authority in store.authorities {
            let print = authority.sha256Fingerprint.hexadecimal
            let place = "\(authority.subject), SHA-256 \(print)"
            if authority.notAfter <= now {
                items.append(
                    CheckItem(
                        subject, .failure, "Expirée : \(place).", remedy: "Déposez l'autorité qui la remplace.",
                        "EX_OPE_5040"))
            }
            switch known?.contains(authority) {
            case true?: items.append(CheckItem(subject, .ok, "Empreinte connue : \(place).", "RE_OPE_5040"))
            case false?:
                items.append(
                    CheckItem(
                        subject, .failure, "Empreinte qui n'est pas dans la liste : \(place).",
                        remedy:
                            "Comparez avec http://igc-sante.esante.gouv.fr/PC/#ca avant de faire confiance à cette autorité.",
                        "RE_OPE_5040"))
            case nil:
                items.append(
                    CheckItem(
                        subject, .warning, "À comparer à la source de confiance : \(place).",
                        remedy:
                            "Notez les empreintes vérifiées dans \(environment.fingerprints ?? "empreintes.txt") : elles seront comparées à chaque contrôle.",
                        "RE_OPE_5040"))
            }
        }
        return items
    }

    // MARK: Whitelist

    /// The whitelist, its freshness, and the operator's own place in it.
    func whitelist(_ own: [OperatorIdentity]) async -> [CheckItem] {
        let subject = "Liste blanche"
        let trust: TrustServices
        do {
            trust = try TrustServices(
                settings, layout, own: own.flatMap(\.tls.chain), clock: environment.clock, logger: environment.logger)
        } catch { return [Self.failure(subject, error, remedy: "Corrigez d'abord les autorités.")] }
        var items: [CheckItem] = []
        if await !trust.whitelist.loadCopy(), environment.mayFetch {
            if case .failure(let failure) = await trust.whitelist.refresh() {
                items.append(
                    Self.failure(
                        subject, failure,
                        remedy:
                            "Vérifiez l'accès à \(settings.whitelist.url ?? "la liste de l'espace de confiance") et les autorités."
                    ))
            }
        }
        let status = trust.whitelist.status
        if let record = status.record, let age = status.sinceConfirmation {
            let text =
                "\(record.domainCount) domaines, produite le \(record.generated.shown), confirmée il y a "
                + age.frenchAge
            items.append(
                age < settings.whitelist.staleAfter
                    ? CheckItem(subject, .ok, text + ".", "EX_2.2_5010")
                    : CheckItem(
                        subject, .warning, text + " : elle n'est plus fraîche.",
                        remedy:
                            "mss-operator liste-blanche actualiser ; vérifiez l'accès HTTPS au serveur de la liste.",
                        "EX_2.2_5010"))
            items += places(own, trust.whitelist)
        } else if items.isEmpty {
            items.append(
                CheckItem(
                    subject, .failure, "Aucune copie vérifiée dans \(layout.whitelist).",
                    remedy: "Aucun échange n'est possible sans elle : mss-operator liste-blanche actualiser.",
                    "EX_2.2_5010"))
        }
        await trust.close()
        return items
    }

    /// Whether each certificate is named, and each domain by one of them.
    private func places(_ own: [OperatorIdentity], _ whitelist: any Whitelist) -> [CheckItem] {
        let subject = "Inscription dans la liste blanche"
        let remedy =
            "Demandez à l'ANS l'inscription de ce DN et de ces domaines (monserviceclient.mssante@esante.gouv.fr)."
        var items: [CheckItem] = []
        let names = own.map { $0.tls.chain[0].subject }
        for name in names where !whitelist.contains(name) {
            items.append(
                CheckItem(subject, .failure, "Le DN \(name) n'y est pas.", remedy: remedy, "EX_2.2_5010"))
        }
        for domain in settings.identity.domains
        where !names.contains(where: { whitelist.decide($0, for: domain).isAllowed }) {
            items.append(
                CheckItem(
                    subject, .failure, "Le domaine \(domain.ascii) n'y est rattaché à aucun de vos certificats.",
                    remedy: remedy, "EX_2.2_5010"))
        }
        guard items.isEmpty, !own.isEmpty else { return items }
        return [CheckItem(subject, .ok, "Certificats et domaines y sont, rattachés l'un à l'autre.", "EX_2.2_5010")]
    }
}
