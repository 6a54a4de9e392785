/// A version of the Référentiel socle MSSanté #1.
///
/// It selects values (cipher suites, fields of a trace, delays), never scattered code paths.
public enum ReferentialVersion: String, Sendable, Hashable, CaseIterable {
    /// Version 1.6.0 of 20 March 2024, in force.
    case v1_6 = "1.6"
    /// The draft wordings of version 1.7 (operators' workshops of June and July 2026).
    case v1_7draft = "1.7-draft"
}
