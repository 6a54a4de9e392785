/// The address of a patient's mailbox: `<matricule INS>@patient.mssante.fr` (Référentiel §5.1).
///
/// Its description never shows the INS (EX_PSU_5020).
public struct PatientAddress: Sendable, Hashable {
    /// The INS that is the local part.
    public let matricule: INSMatricule

    /// The domain of patients' mailboxes.
    public static let domain = Domain(known: "patient.mssante.fr")

    /// The address of the person whose INS this is.
    public init(matricule: INSMatricule) { self.matricule = matricule }

    /// Takes an address of the patients' domain whose local part is an INS with a right key.
    public init(_ address: MailAddress) throws(PatientAddressError) {
        guard address.domain == PatientAddress.domain else { throw .otherDomain }
        do { matricule = try INSMatricule(address.localPart) } catch { throw .matricule(error) }
    }

    /// The full address, which identifies a patient: for the envelope and the message, never for a log.
    public var address: MailAddress { MailAddress(known: matricule.text, domain: PatientAddress.domain) }
}

extension PatientAddress: CustomStringConvertible {
    /// `usager@patient.mssante.fr`.
    public var description: String { address.withoutPatientIdentity.text }
}

extension MailAddress {
    /// True for any address of the patients' domain, whatever its local part.
    public var isPatientDomain: Bool { domain == PatientAddress.domain }

    /// The address, its local part replaced by `usager` in the patients' domain (EX_PSU_5020): even a wrong INS is
    /// close to a right one, so every local part goes.
    public var withoutPatientIdentity: MailAddress {
        isPatientDomain ? MailAddress(known: "usager", domain: domain) : self
    }

    /// An address that is right by construction: its local part holds letters and digits only.
    init(known localPart: String, domain: Domain) {
        self.localPart = localPart
        self.domain = domain
    }
}

extension Domain {
    /// A domain of the Référentiel, written in lower-case ASCII in the source.
    init(known ascii: StaticString) { self.ascii = "\(ascii)" }
}

/// Why an address is not a patient's.
public enum PatientAddressError: Error, Sendable, Hashable {
    /// The domain is not `patient.mssante.fr`.
    case otherDomain
    /// The local part is no INS.
    case matricule(IdentifierError)
}

extension PatientAddressError: ExplainedFailure {
    /// No requirement: the form of the address is described by §5.1 of the Référentiel.
    public var requirement: RequirementID? { nil }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .otherDomain: "L'adresse n'appartient pas au domaine des usagers (\(PatientAddress.domain))."
        case .matricule(let error): error.explanation
        }
    }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .otherDomain: "not an address of \(PatientAddress.domain)"
        case .matricule(let error): error.description
        }
    }
}
