public import MSSCore
public import MSSTLS
public import MSSXMLSignature

/// Why a list was not put in force, or not kept. The last verified list stays in force whatever it is (EX_2.2_5035).
public enum WhitelistFailure: Error, Sendable, Hashable {
    /// The list could not be had from its source.
    case fetch(WhitelistFetchFailure)
    /// The signature is missing, false, or not of the required form (EX_2.2_5040).
    case signature(SignatureFailure)
    /// The signer's certificate is not valid, or revoked (EX_2.2_5050).
    case signerCertificate(CertificateFailure)
    /// The signer's certificate was not issued by ANS or not attributed to ANS (EX_2.2_5050).
    case signerRule(WhitelistSignerRule.Fault)
    /// The signed content is no whitelist.
    case content(WhitelistFormatError)
    /// The list is well signed and suspicious beside the one in force.
    case rejected(WhitelistRejection)
    /// The list could not be read from or written to its store.
    case storage(WhitelistStorageError)
}

extension WhitelistFailure: ExplainedFailure {
    private var cause: any ExplainedFailure {
        switch self {
        case .fetch(let failure): failure
        case .signature(let failure): failure
        case .signerCertificate(let failure): failure
        case .signerRule(let fault): fault
        case .content(let failure): failure
        case .rejected(let failure): failure
        case .storage(let failure): failure
        }
    }

    /// The requirement that the refusal enforces.
    public var requirement: RequirementID? {
        // The certificate's own requirements are those of exchanges between operators.
        if case .signerCertificate = self { "EX_2.2_5050" } else { cause.requirement }
    }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .signature, .signerCertificate: "Signature de la liste blanche : \(cause.explanation)"
        default: cause.explanation
        }
    }

    /// English, for logs.
    public var description: String { cause.description }
}

extension WhitelistSignerRule.Fault: ExplainedFailure {
    /// EX_2.2_5050.
    public var requirement: RequirementID? { "EX_2.2_5050" }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .issuer: "Le certificat qui signe la liste blanche n'a pas été émis par l'ANS."
        case .subject: "Le certificat qui signe la liste blanche n'a pas été attribué à l'ANS."
        }
    }

    /// English, for logs.
    public var description: String {
        switch self {
        case .issuer(let name): "signer issued by \(name)"
        case .subject(let name): "signer is \(name)"
        }
    }
}
