import MSSConnector
import MSSCore
import MSSDNS

extension OperatorCheck {
    // MARK: DNS

    /// What is published, beside what should be.
    func dns() async -> [CheckItem] {
        let resolver: any DNSResolver
        do {
            if let given = environment.resolver {
                resolver = given
            } else {
                resolver = try OperatorNode.resolver(settings.dns)
            }
        } catch { return [Self.failure("DNS", error, remedy: "Vérifiez « dns.serveurs ».")] }
        var items = [await host(resolver)]
        for domain in settings.identity.domains {
            items.append(await exchanger(domain, resolver))
            items.append(await services(domain, resolver))
        }
        return items
    }

    private func host(_ resolver: any DNSResolver) async -> CheckItem {
        let name = settings.identity.serverName
        let subject = "DNS, serveur \(name.ascii)"
        do {
            let addresses = try await resolver.addresses(of: try DNSName(name))
            guard !addresses.isEmpty else {
                return CheckItem(
                    subject, .failure, "Il n'a pas d'adresse.", remedy: "Publiez un enregistrement A (et AAAA).")
            }
            return CheckItem(subject, .ok, addresses.map { "\($0)" }.joined(separator: ", ") + ".")
        } catch { return Self.failure(subject, error, remedy: "Vérifiez le résolveur et la zone.") }
    }

    private func exchanger(_ domain: Domain, _ resolver: any DNSResolver) async -> CheckItem {
        let subject = "DNS, MX de \(domain.ascii)"
        do {
            let name = try DNSName(domain)
            let wanted = try DNSName(settings.identity.serverName)
            let response = try await resolver.query(name, type: .mx)
            let published = response.records.compactMap { record -> MXRecord? in
                if case .mailExchanger(let exchanger) = record { exchanger } else { nil }
            }
            if published.contains(where: { $0.exchange == wanted }) {
                return CheckItem(subject, .ok, "Il désigne \(wanted).")
            }
            let remedy = "Publiez : \(name.absolute) 3600 IN MX 10 \(wanted.absolute)"
            guard !published.isEmpty else {
                return CheckItem(subject, .failure, "Aucun n'est publié.", remedy: remedy)
            }
            return CheckItem(
                subject, .failure, "Il désigne \(published.map { "\($0.exchange)" }.joined(separator: ", ")).",
                remedy: remedy)
        } catch { return Self.failure(subject, error, remedy: "Vérifiez le résolveur et la zone.") }
    }

    // MARK: Scanner

    /// clamd, its version, and the age of its signatures.
    func antivirus() async -> CheckItem {
        let subject = "Antivirus"
        guard let scanner = OperatorNode.scanner(settings.antivirus) else {
            return CheckItem(
                subject, .warning, "« ailleurs » : aucun message n'est analysé par ce service.",
                remedy: "Assurez-vous que chaque message l'est par un autre avant son acquittement.", "EX_SSI_5090")
        }
        do throws(ScanFailure) {
            let version = try await scanner.version()
            return signatures(subject, version)
        } catch {
            return CheckItem(
                subject, .failure,
                "clamd ne répond pas (\(settings.antivirus.address?.text ?? "")) : \(FrenchReason.of(error)).",
                remedy: "systemctl status clamav-daemon ; vérifiez « antivirus.clamd » et les droits sur la socket.",
                "EX_SSI_5090")
        }
    }

    /// `ClamAV 1.0.7/27450/Thu Nov 21 09:30:00 2026`: the day of the signatures is the last word.
    private func signatures(_ subject: String, _ version: String) -> CheckItem {
        let parts = version.split(separator: "/")
        let update = "Vérifiez freshclam (systemctl status clamav-freshclam)."
        guard parts.count == 3, let made = ClamAVDate.read(parts[2]) else {
            return CheckItem(subject, .warning, "\(version) : sans date de signatures.", remedy: update, "EX_SSI_5120")
        }
        let age = now - made
        guard age < .seconds(3 * 86_400) else {
            return CheckItem(
                subject, .warning, "\(version) : signatures de \(age.frenchAge).", remedy: update, "EX_SSI_5120")
        }
        return CheckItem(subject, .ok, "\(version).", "EX_SSI_5090")
    }

    // MARK: Clock

    /// EX_SDT_5010: what the kernel says of its own clock, and how far it is from a time server.
    func clock() async -> [CheckItem] {
        let subject = "Horloge"
        let remedy = "Installez et vérifiez chrony ou systemd-timesyncd (timedatectl)."
        var items: [CheckItem] = []
        if KernelClock.isSynchronized == false {
            items.append(
                CheckItem(
                    subject, .warning, "Le noyau ne tient pas l'heure pour synchronisée.", remedy: remedy, "EX_SDT_5010"
                ))
        }
        for server in environment.timeServers {
            do throws(SNTPFailure) {
                let drift = try await SNTPClient(server).offset()
                let seconds = Double(drift.components.seconds) + Double(drift.components.attoseconds) / 1e18
                let text = "Écart avec \(server) : \((seconds * 1000).rounded() / 1000) s."
                let verdict: CheckItem.Verdict = abs(seconds) < 0.5 ? .ok : abs(seconds) < 5 ? .warning : .failure
                items.append(
                    CheckItem(subject, verdict, text, remedy: verdict == .ok ? nil : remedy, "EX_SDT_5010"))
            } catch {
                items.append(
                    CheckItem(
                        subject, .warning, "\(server) ne répond pas : \(error.explanation)",
                        remedy: "Ouvrez UDP 123 vers lui, ou donnez un autre serveur (--ntp).", "EX_SDT_5010"))
            }
        }
        return items
    }
}

/// The dates of clamd's `VERSION`, in the form of asctime(3).
enum ClamAVDate {
    static func read(_ text: some StringProtocol) -> Timestamp? {
        let words = text.split(separator: " " as Character).map { String($0) }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 5, let month = months.firstIndex(of: words[1]), let day = Int(words[2]),
            let year = Int(words[4])
        else { return nil }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return try? Timestamp(xsdDateTime: "\(year)-\(two(month + 1))-\(two(day))T\(words[3])Z")
    }
}
