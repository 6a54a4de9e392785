internal import Glibc
internal import MSSConnector
internal import MSSCore
internal import NIOCore

/// Why something failed, as an administrator reads it.
enum FrenchReason {
    /// A sentence or a part of one, in French whatever failed; details in English belong to the log.
    static func of(_ error: any Error) -> String {
        switch error {
        case let error as any ExplainedFailure: error.explanation
        case let error as ScanFailure: of(error)
        case let error as IOError: of(system: error.errnoCode)
        default: "défaut inattendu (\(type(of: error))), voir le journal du service"
        }
    }

    private static func of(_ failure: ScanFailure) -> String {
        switch failure {
        case .unavailable: "injoignable"
        case .timedOut: "aucune réponse dans le délai"
        case .tooLarge: "contenu trop grand pour lui"
        case .unexpected: "réponse inattendue"
        }
    }

    private static func of(system code: CInt) -> String {
        switch code {
        case EADDRINUSE: "un autre service y écoute déjà"
        case EADDRNOTAVAIL: "cette machine n'a pas cette adresse"
        case EACCES, EPERM: "droits insuffisants (pour un port inférieur à 1024, laissez systemd l'ouvrir)"
        case ENOENT: "le dossier ou le fichier n'existe pas"
        case ECONNREFUSED: "connexion refusée"
        case ENOSPC: "le disque est plein"
        case EMFILE, ENFILE: "trop de fichiers ouverts"
        default: "erreur \(code) du système"
        }
    }
}
