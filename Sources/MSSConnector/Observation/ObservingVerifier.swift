public import MSSCore
public import MSSTLS

/// A verifier that reports the peers it refuses (EX_3.1_5030 step 3, EX_SSI_5090): TLS itself ends the connection before
/// anything else of the connector has seen it.
public struct ObservingVerifier: PeerVerifier {
    private let base: any PeerVerifier
    private let report: @Sendable (PeerIncident) -> Void
    private let accepted: @Sendable () -> Void

    /// A verifier around another.
    ///
    /// - Parameters:
    ///   - accepted: told of each peer that is let in; as `report`.
    ///   - report: told of each refusal, inside the handshake: it must not block.
    public init(
        _ base: any PeerVerifier, accepted: @escaping @Sendable () -> Void = {},
        report: @escaping @Sendable (PeerIncident) -> Void
    ) {
        self.base = base
        self.accepted = accepted
        self.report = report
    }

    /// Judges as the other does.
    public func verify(_ peer: PresentedPeer, at time: Timestamp) -> PeerVerdict {
        switch base.verify(peer, at: time) {
        case .accepted(let verified):
            accepted()
            return .accepted(verified)
        case .refused(let failure):
            tell(peer, failure)
            return .refused(failure)
        case .pending(let verified, let check):
            return .pending(verified) { [self] staple in
                let result = await check(staple)
                switch result {
                case .success: accepted()
                case .failure(let failure): tell(peer, failure)
                }
                return result
            }
        }
    }

    private func tell(_ peer: PresentedPeer, _ failure: CertificateFailure) {
        report(
            PeerIncident(
                subject: (try? Certificate(der: peer.certificateDER))?.subject.rfc4514, address: nil,
                requirement: failure.requirement, explanation: failure.explanation))
    }
}
