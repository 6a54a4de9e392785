/// Why somebody looks into the traces: the three purposes of EX_GDT_5010, and checking the journal itself.
public enum TracePurpose: Sendable, Hashable {
    /// Detection, investigation and treatment of a security incident; its reference.
    case incident(String)
    /// A dispute between the responsible of the domain and users; its reference.
    case dispute(String)
    /// An authority's control; the reference of its request.
    case authority(String)
    /// Operation of the service: why.
    case operation(String)

    var text: String {
        switch self {
        case .incident(let reference): "incident \(reference)"
        case .dispute(let reference): "dispute \(reference)"
        case .authority(let reference): "authority \(reference)"
        case .operation(let reason): "operation \(reason)"
        }
    }
}

/// Somebody wants to read traces.
public struct TraceAccess: Sendable, Hashable {
    /// What is to be done with them.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A search.
        case search
        /// An export for an authority.
        case export
        /// The end of a retention carried out.
        case erasure
    }

    /// Who, authenticated by the caller.
    public let person: TracePerson
    /// What for.
    public let purpose: TracePurpose
    /// From where.
    public let means: TraceMeans

    /// An access.
    public init(by person: TracePerson, for purpose: TracePurpose, means: TraceMeans = TraceMeans()) {
        self.person = person
        self.purpose = purpose
        self.means = means
    }
}

/// Whether an access is allowed.
public enum TraceAccessDecision: Sendable, Hashable {
    /// It is.
    case granted
    /// It is not; the reason is a French phrase without a full stop, which the person reads.
    case refused(reason: String)
}

/// Decides who may read traces: the operator's list of authorised persons (EX_GDT_5010, EX_SSI_5155).
public protocol TraceAccessPolicy: Sendable {
    /// Decides on one access.
    func decide(_ access: TraceAccess, _ kind: TraceAccess.Kind, _ query: TraceQuery) async -> TraceAccessDecision
}

/// A list of persons, each with what they may do.
public struct TraceAccessList: TraceAccessPolicy {
    private let rights: [String: Set<TraceAccess.Kind>]

    /// Rights by identifier of the person; who is not listed may nothing.
    public init(_ rights: [String: Set<TraceAccess.Kind>]) { self.rights = rights }

    /// Grants what the list says.
    public func decide(
        _ access: TraceAccess, _ kind: TraceAccess.Kind, _ query: TraceQuery
    ) async -> TraceAccessDecision {
        guard let allowed = rights[access.person.identifier] else {
            return .refused(reason: "la personne n'est pas habilitée à consulter les traces")
        }
        guard allowed.contains(kind) else {
            return .refused(reason: "la personne n'est pas habilitée à cette opération sur les traces")
        }
        return .granted
    }
}
