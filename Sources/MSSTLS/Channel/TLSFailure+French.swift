import MSSCore

extension TLSFailure {
    /// One French sentence for a user or administrator.
    public var explanation: String {
        switch kind {
        case .verification(let failure): failure.explanation
        case .noCommonVersion:
            "La connexion sécurisée a été refusée : le correspondant ne propose ni TLS 1.2 ni TLS 1.3."
        case .noCommonSuite:
            "La connexion sécurisée a été refusée : le correspondant ne propose aucune des suites de chiffrement autorisées."
        case .noCommonParameters:
            "La connexion sécurisée a été refusée : le correspondant ne propose aucun groupe ou aucune signature autorisés."
        case .weakKeyExchange:
            "La connexion sécurisée a été refusée : la clé d'échange proposée par le correspondant est trop courte."
        case .peerAlert(let alert) where alert.concernsCertificate:
            "Le correspondant a refusé notre certificat (\(alert))."
        case .peerAlert(let alert): "Le correspondant a refusé la connexion sécurisée (\(alert))."
        case .notTLS: "Le correspondant n'a pas répondu en TLS."
        case .closedDuringHandshake:
            "Le correspondant a fermé la connexion avant la fin de la négociation TLS."
        case .handshakeTimeout: "La négociation TLS n'a pas abouti dans le délai imparti."
        case .truncated:
            "La connexion a été coupée sans fin de session TLS : les données reçues sont peut-être incomplètes."
        case .clearBytesBeforeTLS:
            "La connexion a été refusée : des données ont été reçues en clair avant la négociation TLS."
        case .tooMuchWrittenBeforeHandshake:
            "La connexion a été abandonnée : trop de données attendaient la fin de la négociation TLS."
        case .protocolViolation:
            "La connexion sécurisée a été interrompue : les données reçues ne respectent pas le protocole TLS."
        case .resources: "La connexion sécurisée n'a pas pu être créée, faute de mémoire."
        }
    }
}
