/// The two families of traces of Référentiel §6.9.2; each has a journal, a retention time and a chain of its own.
public enum TraceFamily: String, Sendable, Hashable, CaseIterable {
    /// What users do with the service, and every treatment with a functional effect (EX_GDT_5030).
    case functional
    /// What the system, its components and those who run it do.
    case technical

    var code: UInt8 { self == .functional ? 1 : 2 }

    init?(code: UInt8) {
        switch code {
        case 1: self = .functional
        case 2: self = .technical
        default: return nil
        }
    }

    /// The name that an operator reads.
    public var userFacingName: String { self == .functional ? "traces fonctionnelles" : "traces techniques" }
}
