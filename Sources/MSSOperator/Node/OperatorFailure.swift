public import MSSCore

/// Why an operator cannot be put together or run.
public enum OperatorFailure: ExplainedFailure, Hashable {
    /// A socket cannot be listened at.
    case socket(path: String, reason: String)
    /// A socket that the settings expect was not passed by systemd.
    case noPassedSocket(name: String)
    /// A port cannot be listened at.
    case port(address: String, reason: String)
    /// A folder cannot be made, or others may read it.
    case folder(path: String, reason: String)
    /// A certificate or key of the settings cannot be used.
    case certificate(name: String, reason: String)
    /// The authorities cannot be used.
    case authorities(reason: String)
    /// The resolver cannot be used.
    case resolver(reason: String)
    /// The HTTP client cannot be used.
    case http(reason: String)
    /// Files of the queue are not what was written.
    case queue(reason: String)

    /// None of its own.
    public var requirement: RequirementID? { nil }

    /// The French sentence for the administrator.
    public var explanation: String {
        switch self {
        case .socket(let path, let reason): "La socket \(path) ne peut pas être ouverte : \(reason)."
        case .noPassedSocket(let name):
            "systemd n'a pas passé de socket nommée « \(name) » : vérifiez FileDescriptorName= dans l'unité .socket."
        case .port(let address, let reason): "L'adresse \(address) ne peut pas être écoutée : \(reason)."
        case .folder(let path, let reason): "Le dossier \(path) ne peut pas être utilisé : \(reason)."
        case .certificate(let name, let reason):
            "Le certificat « \(name) » de la configuration ne peut pas être utilisé : \(reason)"
        case .authorities(let reason):
            "Les autorités de « confiance.autorites » ne peuvent pas être utilisées : \(reason)"
        case .resolver(let reason): "La résolution DNS ne peut pas être préparée : \(reason)"
        case .http(let reason): "Le client HTTPS ne peut pas être préparé : \(reason)"
        case .queue(let reason):
            "La file d'attente est endommagée. \(reason) « mss-operator file recuperer --par NOM » la remet en service "
                + "avec tout ce qui se lit."
        }
    }

    /// English, for logs.
    public var description: String {
        switch self {
        case .socket(let path, let reason): "socket \(path): \(reason)"
        case .noPassedSocket(let name): "no socket named \(name) was passed"
        case .port(let address, let reason): "listen \(address): \(reason)"
        case .folder(let path, let reason): "folder \(path): \(reason)"
        case .certificate(let name, let reason): "certificate \(name): \(reason)"
        case .authorities(let reason): "authorities: \(reason)"
        case .resolver(let reason): "resolver: \(reason)"
        case .http(let reason): "http: \(reason)"
        case .queue(let reason): "queue damaged: \(reason)"
        }
    }
}
