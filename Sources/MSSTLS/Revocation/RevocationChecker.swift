public import MSSCore

/// Tells whether the certificates of a validated path are revoked, from CRLs held and OCSP, after a policy.
///
/// ``settle(_:stapleExpected:at:)`` works in memory, for handshakes; ``check(_:staple:at:)`` may ask the responder.
public final class RevocationChecker: Sendable {
    /// Checks nothing.
    public static let disabled = RevocationChecker(policy: RevocationPolicy(order: .none))

    /// What is asked of whom.
    public let policy: RevocationPolicy
    /// The CRLs held.
    public let crls: CRLStore?
    /// Asks responders.
    public let ocsp: OCSPClient?
    private let alert: @Sendable (RevocationAlert) -> Void

    /// A checker; a source that the policy asks for and that is not given never tells anything.
    ///
    /// - Parameter alert: called when a certificate is let through unchecked, on any thread; must not block.
    public init(
        policy: RevocationPolicy, crls: CRLStore? = nil, ocsp: OCSPClient? = nil,
        alert: @escaping @Sendable (RevocationAlert) -> Void = { _ in }
    ) {
        self.policy = policy
        self.crls = crls
        self.ocsp = ocsp
        self.alert = alert
    }

    /// What memory alone can tell.
    enum Settlement {
        case settled(RevocationEvidence)
        case refused(CertificateFailure)
        case pending
    }

    /// Decides without the network.
    ///
    /// - Parameter stapleExpected: the peer is a server, which may have stapled a response.
    func settle(_ chain: [Certificate], stapleExpected: Bool, at time: Timestamp) -> Settlement {
        var evidence = RevocationEvidence()
        var isPending = false
        for link in links(of: chain) {
            switch known(link, at: time) {
            case .failure(let failure): return .refused(failure)
            case .success(let source?):
                let waitsForStaple = policy.order == .preferStaple && stapleExpected && link.isLeaf
                if waitsForStaple { isPending = true } else { evidence.items.append(link.item(source)) }
            case .success(nil):
                if policy.order.usesOCSP, ocsp != nil || stapleExpected {
                    isPending = true
                } else {
                    switch unknown(link, crlReason(link, at: time)) {
                    case .success(let source): evidence.items.append(link.item(source))
                    case .failure(let failure): return .refused(failure)
                    }
                }
            }
        }
        return isPending ? .pending : .settled(evidence)
    }

    /// Decides, asking the responder where the policy wants it. The path is the leaf, its issuers, the root last.
    ///
    /// - Parameter staple: the OCSP response about the leaf that came with the handshake, if any.
    public func check(
        _ chain: [Certificate], staple: [UInt8]? = nil, at time: Timestamp
    ) async -> Result<RevocationEvidence, CertificateFailure> {
        var evidence = RevocationEvidence()
        for link in links(of: chain) {
            switch await check(link, staple: link.isLeaf ? staple : nil, at: time) {
            case .success(let source): evidence.items.append(link.item(source))
            case .failure(let failure): return .failure(failure)
            }
        }
        return .success(evidence)
    }

    private typealias LinkResult = Result<RevocationEvidence.Source, CertificateFailure>

    private func check(_ link: Link, staple: [UInt8]?, at time: Timestamp) async -> LinkResult {
        // A revocation in the CRLs held ends it, whatever the order.
        if case .revoked(let date, let reason) = crlStatus(link, at: time) {
            return .failure(link.revoked(date, reason, .crl))
        }
        var reason: RevocationUnknownReason?
        if policy.order.usesOCSP, let staple {
            switch OCSPClient.judge(staple, link.certificate, link.issuer, at: time, rules: ocsp?.rules ?? OCSPRules())
            {
            case .success(let answer):
                if let result = result(answer, .stapled, link) { return result }
                reason = .unknownToResponder
            case .failure(let error): reason = .badResponse(error)
            }
        }
        switch known(link, at: time) {
        case .failure(let failure): return .failure(failure)
        case .success(let source?): return .success(source)
        case .success(nil): break
        }
        if policy.order.usesOCSP {
            switch await ocsp?.status(of: link.certificate, issuer: link.issuer, at: time) {
            case .success(let answer)?:
                if let result = result(answer, .responder, link) { return result }
                reason = .unknownToResponder
            case .failure(let why)?: reason = why
            case nil: reason = reason ?? .noStaple
            }
        }
        // Last resort of ocspThenCRL: the CRLs, which `known` leaves aside while OCSP may still tell.
        if policy.order == .ocspThenCRL, case .good(let source) = crlStatus(link, at: time) { return .success(source) }
        return unknown(link, reason ?? crlReason(link, at: time))
    }

    /// What CRLs held and answers still valid tell; `nil` when nothing.
    private func known(_ link: Link, at time: Timestamp) -> Result<RevocationEvidence.Source?, CertificateFailure> {
        var crlSource: RevocationEvidence.Source?
        switch crlStatus(link, at: time) {
        case .revoked(let date, let reason): return .failure(link.revoked(date, reason, .crl))
        case .good(let source): crlSource = source
        case .unknown: break
        }
        if let crlSource, policy.order != .ocspThenCRL { return .success(crlSource) }
        if policy.order.usesOCSP,
            let answer = ocsp?.cachedAnswer(for: link.certificate, issuer: link.issuer, at: time),
            let result = result(answer, .cache, link)
        {
            return result.map(Optional.some)
        }
        // Nobody to ask: what the CRLs say is all there is.
        return .success(ocsp == nil ? crlSource : nil)
    }

    private func crlStatus(_ link: Link, at time: Timestamp) -> CRLStatus {
        guard policy.order.usesCRL, let crls else { return .unknown(.noCRL) }
        return crls.status(of: link.certificate, issuer: link.issuer, at: time)
    }

    private func crlReason(_ link: Link, at time: Timestamp) -> RevocationUnknownReason {
        if case .unknown(let reason) = crlStatus(link, at: time), policy.order.usesCRL { reason } else { .noResponder }
    }

    private func result(
        _ answer: OCSPResponse.Answer, _ origin: RevocationEvidence.OCSPOrigin, _ link: Link
    ) -> LinkResult? {
        switch answer.status {
        case .good:
            .success(
                .ocsp(
                    origin, producedAt: answer.producedAt, thisUpdate: answer.thisUpdate,
                    nextUpdate: answer.nextUpdate))
        case .revoked(let date, let reason): .failure(link.revoked(date, reason, .ocsp))
        case .unknown: nil
        }
    }

    private func unknown(_ link: Link, _ reason: RevocationUnknownReason) -> LinkResult {
        guard policy.onUnknown == .softFail else { return .failure(.revocationUnknown(reason)) }
        alert(.softFailed(link.certificate.sha256Fingerprint, reason))
        return .success(.softFailed(reason))
    }

    /// A certificate to check, and its issuer.
    private struct Link {
        let certificate: Certificate
        let issuer: Certificate
        let isLeaf: Bool

        func revoked(
            _ date: Timestamp, _ reason: RevocationReason?, _ source: CertificateFailure.Revocation.Source
        ) -> CertificateFailure {
            .revoked(.init(date: date, reason: reason, isAuthority: !isLeaf, source: source))
        }

        func item(_ source: RevocationEvidence.Source) -> RevocationEvidence.Item {
            .init(certificate: certificate.sha256Fingerprint, source: source)
        }
    }

    private func links(of chain: [Certificate]) -> [Link] {
        guard policy.order != .none else { return [] }
        let links = zip(chain, chain.dropFirst()).enumerated().map { index, pair in
            Link(certificate: pair.0, issuer: pair.1, isLeaf: index == 0)
        }
        return policy.scope == .leaf ? Array(links.prefix(1)) : links
    }
}
