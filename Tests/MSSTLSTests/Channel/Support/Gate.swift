import MSSTLS

/// Holds a check until the test decides.
actor Gate {
    private var decision: Result<Void, CertificateFailure>?
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var wasCancelled = false
    private var watching: [CheckedContinuation<Void, Never>] = []

    func wait(_ peer: VerifiedPeer) async -> Result<VerifiedPeer, CertificateFailure> {
        await withTaskCancellationHandler {
            if decision == nil, !wasCancelled { await withCheckedContinuation { waiting.append($0) } }
        } onCancel: {
            Task { await self.cancel() }
        }
        return (decision ?? .failure(.revocationUnknown(.responderUnreachable))).map { peer }
    }

    func open(_ decision: Result<Void, CertificateFailure>) {
        self.decision = decision
        for one in waiting { one.resume() }
        waiting = []
    }

    /// Returns once the check was cancelled.
    func cancelled() async {
        if !wasCancelled { await withCheckedContinuation { watching.append($0) } }
    }

    private func cancel() {
        wasCancelled = true
        for one in waiting + watching { one.resume() }
        waiting = []
        watching = []
    }
}
