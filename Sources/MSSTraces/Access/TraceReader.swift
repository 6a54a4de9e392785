/// The way to what a store holds. Every access is decided by a policy and traced, granted or refused, before anything
/// is handed over: when the access cannot be traced, nothing is read (EX_GDT_5010).
public struct TraceReader: Sendable {
    private let store: TraceStore
    private let policy: any TraceAccessPolicy

    /// Reads a store as a policy allows.
    public init(_ store: TraceStore, policy: any TraceAccessPolicy) {
        self.store = store
        self.policy = policy
    }

    /// Searches; newest first.
    ///
    /// - Throws: ``TraceError/accessRefused(reason:)``, or `damaged` when a record found cannot be read.
    public func search(_ query: TraceQuery, _ access: TraceAccess) async throws -> TracePage {
        try await authorise(.search, query, access)
        let page = try await offPool { [catalogue = store.catalogue] in
            try StoreSearch(catalogue: catalogue, query: query).page()
        }
        try await trace(.search, query, access, .success, reply: "\(page.records.count) traces")
        return page
    }

    /// Writes what a query finds, whatever its limit, with the proof, into a new folder: see <doc:Evidence>.
    ///
    /// The segments being written are sealed first, so that everything exported is under a seal.
    public func export(
        _ query: TraceQuery, to folder: String, formats: Set<TraceExportFormat> = [.jsonLines, .csv],
        _ access: TraceAccess
    ) async throws -> TraceExport {
        try await authorise(.export, query, access)
        try await store.seal()
        let export = try await offPool { [store] in
            try ExportWriter(store: store, query: query, folder: folder, formats: formats, purpose: access.purpose)
                .write()
        }
        try await trace(.export, query, access, .success, reply: "\(export.records) traces, SHA-256 \(export.digest)")
        return export
    }

    /// Carries out the end of retention: see ``TraceRetention``.
    public func endRetention(_ retention: TraceRetention, _ access: TraceAccess) async throws -> [TraceErasure] {
        try await authorise(.erasure, TraceQuery(), access)
        return try await RetentionRun(store: store, retention: retention, access: access).run()
    }

    private func authorise(_ kind: TraceAccess.Kind, _ query: TraceQuery, _ access: TraceAccess) async throws {
        guard case .refused(let reason) = await policy.decide(access, kind, query) else { return }
        try await trace(kind, query, access, .refused, reply: reason)
        throw TraceError.accessRefused(reason: reason)
    }

    private func trace(
        _ kind: TraceAccess.Kind, _ query: TraceQuery, _ access: TraceAccess, _ outcome: TraceOutcome, reply: String
    ) async throws {
        try await store.record(
            TraceEvent(
                .consultTraces, outcome, by: .administrator(access.person), means: access.means,
                request: TraceText("\(kind.rawValue) \(query.text)"), reply: TraceText(reply),
                changes: [TraceChange("purpose", before: nil, after: access.purpose.text)]))
    }
}
