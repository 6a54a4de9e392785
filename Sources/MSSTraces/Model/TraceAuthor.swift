/// A natural person, by the identifier under which the operator knows and authenticates her.
public struct TracePerson: Sendable, Hashable {
    /// The national identifier (idNat: `8` and the RPPS number, …) or the operator's own.
    public let identifier: String
    /// The person's name, when it helps a reader.
    public let name: String?

    /// A person by identifier and, perhaps, name.
    public init(identifier: String, name: String? = nil) {
        self.identifier = identifier
        self.name = name
    }
}

/// Who did something, "dûment authentifié (ou les informations permettant de la déterminer indirectement)"
/// (EX_GDT_5040).
public enum TraceAuthor: Sendable, Hashable {
    /// A person in her own right.
    case person(TracePerson)
    /// A delegate for the person who delegated (EX_GDT_5030).
    case delegate(TracePerson, onBehalfOf: TracePerson)
    /// An application with the structure's certificate: its subject, or the name of the application.
    case application(String)
    /// A person who runs the service, by name and not by a shared account (EX_SSI_5155).
    case administrator(TracePerson)
    /// Another operator's server: the subject of its certificate.
    case peer(String)
    /// A component of the service, acting by itself.
    case system(String)
    /// Nobody authenticated: the identity claimed, if any.
    case unauthenticated(claimed: String?)
}

extension TraceAuthor {
    var kind: String {
        switch self {
        case .person: "person"
        case .delegate: "delegate"
        case .application: "application"
        case .administrator: "administrator"
        case .peer: "peer"
        case .system: "system"
        case .unauthenticated: "unauthenticated"
        }
    }

    /// The identifiers under which the trace is found when one searches for a person.
    var searchable: [String] {
        switch self {
        case .person(let person), .administrator(let person): [person.identifier]
        case .delegate(let person, let principal): [person.identifier, principal.identifier]
        case .application(let name), .peer(let name), .system(let name): [name]
        case .unauthenticated(let claimed): claimed.map { [$0] } ?? []
        }
    }
}
