public import MSSTLS
public import MSSXMLSignature

extension WhitelistVerifier {
    /// A verifier over one trust store.
    ///
    /// - Throws: ``SignatureFailure`` when an authority of the store cannot be read.
    public init(
        trustStore: TrustStore, certificates: any PeerVerifier, rule: WhitelistSignerRule = .ans
    ) throws(SignatureFailure) {
        let trust = try SignatureTrust(
            roots: trustStore.roots.map(\.der), intermediates: trustStore.intermediates.map(\.der))
        self.init(
            signature: SignatureVerifier(profile: .whitelist, trust: trust), certificates: certificates, rule: rule)
    }
}
