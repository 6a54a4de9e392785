public import MSSTraces

/// The verification of the whole journal, with what the settings know: the certificate that seals, and the anchors. Reads
/// only, and may run beside the operator.
public struct TraceCheck: Sendable {
    private let settings: OperatorSettings

    /// A verification for an operator.
    public init(_ settings: OperatorSettings) { self.settings = settings }

    /// Verifies everything.
    public func run() async throws -> TraceVerification {
        let signer = try Identities.sealer(settings.traces, try Identities.load(settings.certificates))
        return await TraceVerifier(
            folder: OperatorLayout(settings.data.folder).traces, certificates: [signer.certificate],
            anchors: settings.traces.anchors.map { FileTraceAnchor(folder: $0) }
        ).verify()
    }
}
