/// How an export is written beside its proof.
public enum TraceExportFormat: String, Sendable, Hashable, CaseIterable {
    /// One JSON object a line, with the salts: what the proof is about. Always written.
    case jsonLines
    /// A table for people (RFC 4180); its lines are found in the JSON Lines by journal and number.
    case csv
}

/// An export that was written.
public struct TraceExport: Sendable, Hashable {
    /// The folder.
    public let folder: String
    /// How many records.
    public let records: Int
    /// How many segments they come from.
    public let segments: Int
    /// SHA-256 of `traces.jsonl`: what the trace of the export holds.
    public let digest: TraceDigest
}
