/// The alert rules for Prometheus: what somebody must see to, and when.
public enum AlertRules {
    /// One rule.
    struct Rule {
        var name: String
        var expression: String
        var wait: String
        var severity: String
        var summary: String
        var remedy: String
    }

    static let rules = [
        Rule(
            name: "MSSOperateurAbsent", expression: "absent(mss_component_up)", wait: "2m", severity: "critique",
            summary: "L'opérateur MSSanté ne répond plus.",
            remedy: "systemctl status mss-operator ; journalctl -u mss-operator"),
        Rule(
            name: "MSSComposantEnPanne", expression: "mss_component_up == 0", wait: "5m", severity: "critique",
            summary: "Le composant {{ $labels.composant }} est en panne.",
            remedy: "sudo -u mssante mss-operator check"),
        Rule(
            name: "MSSComposantEnAlerte", expression: "mss_component_up == 0.5", wait: "1h", severity: "avertissement",
            summary: "Le composant {{ $labels.composant }} est en alerte.",
            remedy: "sudo -u mssante mss-operator check"),
        Rule(
            name: "MSSFileEnRetard", expression: "mss_queue_oldest_seconds > 4 * 3600", wait: "10m",
            severity: "critique",
            summary: "Un message attend depuis plus de quatre heures (RE_SSI_5010).", remedy: "sudo mss-operator file"),
        Rule(
            name: "MSSCibleDeRemise", expression: "mss_delivery_target_ratio < 0.98", wait: "30m",
            severity: "avertissement",
            summary: "Moins de 98 % des destinataires sont servis en quatre heures (RE_SSI_5010).",
            remedy: "sudo mss-operator file"),
        Rule(
            name: "MSSMessagesRetenus", expression: "mss_queue_held_messages > 0", wait: "1h",
            severity: "avertissement",
            summary: "Des messages sont retenus dans la file.", remedy: "sudo mss-operator file"),
        Rule(
            name: "MSSEchecsDeRemise", expression: "increase(mss_recipients_failed_total[1h]) > 50", wait: "0m",
            severity: "avertissement", summary: "Beaucoup de destinataires ont été abandonnés en une heure.",
            remedy: "sudo mss-operator traces chercher --motif exploitation:alerte --action message.refuse"),
        Rule(
            name: "MSSListeBlancheVieille", expression: "mss_whitelist_age_seconds > 48 * 3600", wait: "10m",
            severity: "critique", summary: "La liste blanche n'est plus confirmée depuis deux jours (EX_2.2_5010).",
            remedy: "sudo mss-operator liste-blanche"),
        Rule(
            name: "MSSListeBlancheEnEchec", expression: "mss_whitelist_failures > 5", wait: "0m",
            severity: "avertissement",
            summary: "Le téléchargement de la liste blanche échoue.", remedy: "sudo mss-operator liste-blanche"),
        Rule(
            name: "MSSCRLPerimee", expression: "mss_crl_remaining_seconds < 0", wait: "1h", severity: "critique",
            summary: "La CRL de {{ $labels.emetteur }} est périmée (EX_OPE_5050).",
            remedy: "Vérifiez l'accès aux points de distribution des CRL."),
        Rule(
            name: "MSSCertificatExpireBientot", expression: "mss_certificate_remaining_days < 45", wait: "1h",
            severity: "avertissement",
            summary: "Le certificat {{ $labels.certificat }} expire dans moins de 45 jours (EX_SSI_5085).",
            remedy: "Demandez son renouvellement à l'ANS."),
        Rule(
            name: "MSSCertificatExpire", expression: "mss_certificate_remaining_days < 7", wait: "0m",
            severity: "critique",
            summary: "Le certificat {{ $labels.certificat }} expire dans moins de 7 jours (EX_SSI_5085).",
            remedy: "Sans lui aucun échange n'est possible : déposez le nouveau, puis systemctl reload mss-operator."),
        Rule(
            name: "MSSDisquePresquePlein", expression: "mss_disk_free_bytes / mss_disk_total_bytes < 0.1", wait: "10m",
            severity: "critique", summary: "Moins de 10 % du disque des données est libre.",
            remedy: "Agrandissez le disque : plein, le service refuse les messages (4.3.1)."),
        // EX_SSI_5080: what will be too small is told while there is time to enlarge it.
        Rule(
            name: "MSSDisqueBientotPlein",
            expression: "predict_linear(mss_disk_free_bytes[7d], 30 * 86400) < 0", wait: "6h",
            severity: "avertissement",
            summary: "Au rythme de la semaine, le disque des données sera plein avant un mois (EX_SSI_5080).",
            remedy: "Prévoyez un disque plus grand ; les boîtes qui grandissent : sudo mss-operator bal lister --json"),
        Rule(
            name: "MSSConnexionsPresqueToutes", expression: "mss_connections / mss_connections_limit > 0.8",
            wait: "10m", severity: "avertissement",
            summary: "Plus de 80 % des connexions admises sont prises (EX_SSI_5080).",
            remedy: "Relevez entree.connexions, ou ajoutez une machine."),
        Rule(
            name: "MSSAnalyseSature",
            expression: "rate(mss_scan_seconds_sum[15m]) / rate(mss_scan_seconds_count[15m]) > 5", wait: "30m",
            severity: "avertissement",
            summary: "L'analyse d'un message prend plus de cinq secondes en moyenne (EX_SSI_5080).",
            remedy: "Donnez des processeurs à clamd (MaxThreads), ou une machine à lui."),
        Rule(
            name: "MSSAutoriteInconnue", expression: "mss_authorities_unknown > 0", wait: "0m", severity: "critique",
            summary: "Une autorité installée n'est pas parmi celles qui ont été vérifiées (RE_OPE_5040).",
            remedy: "sudo -u mssante mss-operator check"),
        Rule(
            name: "MSSAnomalie", expression: "increase(mss_anomalies_total[15m]) > 0", wait: "0m",
            severity: "avertissement",
            summary: "Comportement inhabituel : {{ $labels.nature }} (EX_SSI_5090).",
            remedy: "sudo mss-operator traces chercher --motif exploitation:alerte --action incident.detect"),
        Rule(
            name: "MSSPairsRefuses", expression: "increase(mss_handshakes_refused_total[15m]) > 100", wait: "0m",
            severity: "avertissement", summary: "Beaucoup de pairs refusés ({{ $labels.exigence }}).",
            remedy: "sudo mss-operator traces chercher --motif exploitation:alerte --action peer.connect"),
        Rule(
            name: "MSSMessagesInfectes", expression: "increase(mss_messages_infected_total[1h]) > 10", wait: "0m",
            severity: "avertissement", summary: "Plus de dix messages infectés en une heure (EX_SSI_5090).",
            remedy: "Examinez la quarantaine ; prévenez les émetteurs."),
    ]

    /// The file.
    public static var yaml: String {
        var text = """
            # Règles d'alerte de l'opérateur MSSanté (prometheus.yml : rule_files). Vérifier : promtool check rules FICHIER
            groups:
              - name: mss-operator
                rules:

            """
        for rule in rules {
            text += """
                      - alert: \(rule.name)
                        expr: \(quoted(rule.expression))
                        for: \(rule.wait)
                        labels:
                          gravite: \(rule.severity)
                        annotations:
                          resume: \(quoted(rule.summary))
                          remede: \(quoted(rule.remedy))

                """
        }
        return text
    }

    /// YAML's single quotes: nothing in them means anything but themselves.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
