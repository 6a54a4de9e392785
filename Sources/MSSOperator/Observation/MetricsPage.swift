import Glibc
import MSSConnector
import MSSCore
import MSSStore
import MSSTLS
import MSSWhitelist

extension OperatorNode {
    /// The metrics page (EX_SSI_5080, RE_SSI_5010). Its labels are names of domains, certificates and requirements: no
    /// mailbox, no person.
    public func metrics() async -> String {
        var page = PrometheusText()
        exchanges(&page)
        clientMetrics(&page)
        queue(&page)
        trustMetrics(&page)
        process(&page)
        let health = await health()
        page.add(
            "mss_component_up", .gauge, "Etat des composants : 1 en marche, 0.5 en alerte, 0 en panne.",
            health.components.sorted { $0.key < $1.key }.map { name, part in
                ([("composant", name)], part.state == .ok ? 1 : part.state == .warning ? 0.5 : 0)
            })
        return page.text
    }

    private func exchanges(_ page: inout PrometheusText) {
        let now = connector.metrics.snapshot
        func count(_ name: String, _ help: String, _ value: Int) { page.add(name, .counter, help, Double(value)) }
        func byLabel(_ name: String, _ help: String, _ label: String, _ values: [String: Int]) {
            page.add(
                name, .counter, help,
                values.sorted { $0.key < $1.key }.map {
                    ([(label, $0.key.isEmpty ? "aucune" : $0.key)], Double($0.value))
                })
        }
        count("mss_messages_received_total", "Messages pris d'autres opérateurs.", now.received)
        count(
            "mss_messages_submitted_total", "Messages pris des usagers, administrateurs et traitements.", now.submitted)
        page.add(
            "mss_recipients_delivered_total", .counter, "Destinataires servis.",
            [([("lieu", "ici")], Double(now.deliveredHere)), ([("lieu", "ailleurs")], Double(now.deliveredElsewhere))])
        count("mss_recipients_deferred_total", "Tentatives à refaire, par destinataire.", now.deferred)
        count("mss_recipients_failed_total", "Destinataires abandonnés.", now.failed)
        byLabel(
            "mss_refusals_total", "Refus de pairs, d'émetteurs, de destinataires et de messages.", "exigence",
            now.refused)
        byLabel("mss_handshakes_total", "Pairs acceptés au niveau TLS.", "sens", now.handshakes)
        byLabel(
            "mss_handshakes_refused_total", "Pairs refusés au niveau TLS ou par leur nom.", "exigence", now.refusedPeers
        )
        byLabel(
            "mss_handshakes_failed_total", "Etablissements TLS manqués au point d'entrée, par motif.", "motif",
            now.failedHandshakes)
        byLabel("mss_anomalies_total", "Comportements inhabituels (EX_SSI_5090).", "nature", now.anomalies)
        count("mss_messages_infected_total", "Messages infectés.", now.infected)
        page.histogram(
            "mss_delivery_seconds", "Temps de la prise en charge à la remise.", bounds: now.deliveryTime.bounds,
            counts: now.deliveryTime.counts, sum: now.deliveryTime.sum)
        page.histogram(
            "mss_scan_seconds", "Temps d'analyse d'un message.", bounds: now.scanTime.bounds,
            counts: now.scanTime.counts, sum: now.scanTime.sum)
        page.add(
            "mss_delivery_target_ratio", .gauge,
            "Part des destinataires servis en moins de quatre heures (RE_SSI_5010).",
            now.targetRatio)
        page.add("mss_connections", .gauge, "Connexions d'autres opérateurs.", Double(connector.connections))
        page.add(
            "mss_connections_limit", .gauge, "Connexions d'autres opérateurs admises à la fois.",
            Double(settings.inbound.connections))
    }

    /// At most so many destinations have a line of their own: the page stays small whatever waits.
    static let destinationLines = 200

    private func queue(_ page: inout PrometheusText) {
        let (destinations, now) = (spool.destinations(), clock.now())
        page.add("mss_queue_messages", .gauge, "Messages en attente.", Double(spool.count))
        let oldest = destinations.map(\.oldest).min()
        page.add(
            "mss_queue_oldest_seconds", .gauge, "Age du plus ancien message en attente.",
            oldest.map { max(0, (now - $0).inSeconds) } ?? 0)
        let shown = destinations.prefix(OperatorNode.destinationLines)
        page.add(
            "mss_queue_destination_messages", .gauge, "Messages en attente par domaine de destination.",
            shown.map { ([("domaine", $0.domain)], Double($0.messages)) })
        page.add(
            "mss_queue_destination_oldest_seconds", .gauge, "Age du plus ancien message par domaine.",
            shown.map { ([("domaine", $0.domain)], max(0, (now - $0.oldest).inSeconds)) })
        page.add(
            "mss_queue_held_messages", .gauge, "Messages retenus, par destination cumulée.",
            Double(destinations.reduce(0) { $0 + $1.held }))
        let usage = spool.usage
        page.add("mss_queue_segments", .gauge, "Fichiers de la file.", Double(usage.segments))
    }

    private func trustMetrics(_ page: inout PrometheusText) {
        let (now, status) = (clock.now(), trust.whitelist.status)
        func lists(_ value: (CertificateRevocationList) -> Double) -> [([(String, String)], Double)] {
            trust.crls.lists.enumerated().map { index, list in
                (
                    [
                        ("emetteur", list.issuer.commonName ?? list.issuer.rfc4514),
                        ("sorte", list.isDelta ? "delta" : "complete"), ("rang", "\(index)"),
                    ], value(list)
                )
            }
        }
        if let record = status.record {
            page.add(
                "mss_whitelist_age_seconds", .gauge, "Temps depuis la confirmation de la liste blanche.",
                max(0, (now - record.confirmedAt).inSeconds))
            page.add("mss_whitelist_domains", .gauge, "Domaines de la liste blanche.", Double(record.domainCount))
        }
        page.add("mss_whitelist_failures", .gauge, "Echecs de suite du téléchargement.", Double(status.failureCount))
        page.add(
            "mss_crl_age_seconds", .gauge, "Age des CRL chargées, depuis leur publication.",
            lists { (now - $0.thisUpdate).inSeconds })
        page.add(
            "mss_crl_remaining_seconds", .gauge, "Temps avant la date de prochaine publication des CRL chargées.",
            lists { ($0.nextUpdate - now).inSeconds })
        // RE_OPE_5040: compared again whenever supervision looks.
        let kept = KnownFingerprints.path(beside: settings.trust.authorities).flatMap { KnownFingerprints(file: $0) }
        if let kept {
            page.add(
                "mss_authorities_unknown", .gauge,
                "Autorités dont l'empreinte n'est pas parmi celles qui ont été vérifiées (RE_OPE_5040).",
                Double(trust.verifier.trustStore.authorities.count { !kept.contains($0) }))
        }
        let alerts = trust.alerts.snapshot
        page.add(
            "mss_revocation_alerts_total", .counter, "Alertes de révocation.",
            [
                ([("nature", "acceptee_sans_reponse")], Double(alerts.softFailed)),
                ([("nature", "crl_non_obtenue")], Double(alerts.notFetched)),
                ([("nature", "crl_refusee")], Double(alerts.refused)),
            ])
        page.add(
            "mss_certificate_remaining_days", .gauge, "Jours avant l'expiration des certificats (EX_SSI_5085).",
            certificates.withLock { $0 }.map {
                ([("certificat", $0.name)], ($0.certificate.notAfter - now).inSeconds / 86_400)
            })
    }

    private func process(_ page: inout PrometheusText) {
        if let space = layout.space {
            page.add("mss_disk_free_bytes", .gauge, "Octets libres sur le disque des données.", Double(space.free))
            page.add("mss_disk_total_bytes", .gauge, "Taille du disque des données.", Double(space.total))
        }
        page.add(
            "process_cpu_seconds_total", .counter, "Temps de processeur.", ProcessFacts.processorSeconds)
        if let resident = ProcessFacts.residentBytes {
            page.add("process_resident_memory_bytes", .gauge, "Mémoire résidente.", Double(resident))
        }
        if let open = ProcessFacts.openDescriptors {
            page.add("process_open_fds", .gauge, "Descripteurs ouverts.", Double(open))
        }
        page.add(
            "process_start_time_seconds", .gauge, "Démarrage, en secondes depuis 1970.", Double(opened.seconds))
    }
}

/// What the kernel says of this process (proc(5)).
enum ProcessFacts {
    /// User and system time together (clock_gettime(2)).
    static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static var residentBytes: Int? {
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return nil }
        let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
            separator: " ")
        return words.count > 1 ? Int(words[1]).map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) } : nil
    }

    static var openDescriptors: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return count - 3  // `.`, `..` and the folder itself
    }
}
