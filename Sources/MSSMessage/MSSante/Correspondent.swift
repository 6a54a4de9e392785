public import MSSCore

/// Whom an address belongs to: a patient (Mon espace santé) or a professional.
public enum Correspondent: Sendable, Hashable {
    /// A patient, with the INS that the address holds; `nil` when its local part is no INS.
    case patient(INSMatricule?)
    /// A professional, a structure or an application.
    case professional

    /// Tells by the domain: `patient.mssante.fr` holds patients only (Référentiel §4.3).
    public init(_ address: MailAddress) {
        self = address.isPatientDomain ? .patient((try? PatientAddress(address))?.matricule) : .professional
    }

    /// Tells by the text of an address; an address that cannot be read is no patient's.
    public init(_ mailbox: Mailbox) {
        if let address = try? MailAddress(mailbox.address) { self.init(address) } else { self = .professional }
    }

    /// Whether a patient.
    public var isPatient: Bool { self != .professional }
}
