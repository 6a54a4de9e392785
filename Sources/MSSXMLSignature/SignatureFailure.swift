public import MSSCore
public import MSSXML

/// Why a signed document was refused.
public struct SignatureFailure: ExplainedFailure, Hashable {
    /// What is wrong.
    public enum Reason: Sendable, Hashable {
        /// Not acceptable XML: malformed, a DTD, a limit.
        case document(XMLFailure)
        /// No `ds:Signature` in the document.
        case notSigned
        /// More than one `ds:Signature` in the document.
        case severalSignatures
        /// The signature is not shaped as the profile demands; the English words name the fault.
        case shape(String)
        /// An algorithm that the profile does not allow, or a key too short for it.
        case algorithm(String)
        /// `KeyInfo` gives no key that the profile allows (a bare `KeyValue`, for instance).
        case keyNotAllowed
        /// A certificate or the key cannot be read.
        case unreadableKey
        /// The document was changed after signing: a digest does not match.
        case digestMismatch
        /// The signature value does not match `SignedInfo` and the key.
        case signatureMismatch
        /// The signer's certificate does not lead to a trusted root; OpenSSL's words.
        case signerUntrusted(String)
        /// The signer's certificate is expired.
        case signerExpired
        /// The signer's certificate is not yet valid.
        case signerNotYetValid
        /// A certificate of the chain is revoked.
        case signerRevoked
        /// Revocation could not be told, and the rule demands it.
        case revocationUnknown
        /// The signer's certificate is not for signing (key usage), or is a CA's.
        case signerUsage
        /// The cryptographic layer refused or failed; its words.
        case refused(String)
    }

    /// What is wrong.
    public let reason: Reason
    /// EX_2.2_5040 or EX_2.2_5050 where the whitelist is concerned.
    public let requirement: RequirementID?

    init(_ reason: Reason, _ profile: SignatureProfile?) {
        self.reason = reason
        switch reason {
        case .keyNotAllowed, .unreadableKey, .signerUntrusted, .signerExpired, .signerNotYetValid, .signerRevoked,
            .revocationUnknown, .signerUsage:
            requirement = profile?.signerRequirement
        default: requirement = profile?.integrityRequirement
        }
    }

    /// One French sentence.
    public var explanation: String {
        switch reason {
        case .document(let failure): failure.explanation
        case .notSigned: "Le document n'est pas signé."
        case .severalSignatures: "Le document porte plusieurs signatures."
        case .shape: "La signature du document n'a pas la forme attendue."
        case .algorithm: "La signature du document emploie un algorithme ou une clé qui n'est pas accepté."
        case .keyNotAllowed: "La signature du document n'indique pas de certificat accepté."
        case .unreadableKey: "Le certificat de la signature est illisible."
        case .digestMismatch: "Le document a été modifié depuis sa signature."
        case .signatureMismatch: "La signature du document est fausse."
        case .signerUntrusted: "Le certificat du signataire n'est pas issu d'une autorité de confiance."
        case .signerExpired: "Le certificat du signataire est expiré."
        case .signerNotYetValid: "Le certificat du signataire n'est pas encore valide."
        case .signerRevoked: "Le certificat du signataire est révoqué."
        case .revocationUnknown: "L'état de révocation du certificat du signataire n'a pas pu être établi."
        case .signerUsage: "Le certificat du signataire n'est pas fait pour signer."
        case .refused: "La signature du document n'a pas pu être vérifiée."
        }
    }

    /// English, for logs.
    public var description: String {
        switch reason {
        case .document(let failure): "signed document: \(failure.description)"
        case .notSigned: "not signed"
        case .severalSignatures: "more than one signature"
        case .shape(let fault): "signature shape: \(fault)"
        case .algorithm(let what): "algorithm refused: \(what)"
        case .keyNotAllowed: "no allowed key in KeyInfo"
        case .unreadableKey: "unreadable certificate or key"
        case .digestMismatch: "digest mismatch"
        case .signatureMismatch: "signature mismatch"
        case .signerUntrusted(let words): "signer not trusted: \(words)"
        case .signerExpired: "signer certificate expired"
        case .signerNotYetValid: "signer certificate not yet valid"
        case .signerRevoked: "certificate revoked"
        case .revocationUnknown: "revocation unknown"
        case .signerUsage: "certificate not for signing"
        case .refused(let words): "refused by the cryptographic layer: \(words)"
        }
    }
}
