public import MSSCore

/// An oddity of a list that was read all the same, and the entry that has it.
public struct WhitelistDiagnostic: Sendable, Hashable {
    /// The entry's place in the list, from 1; `nil` for an oddity of the list itself.
    public let entry: Int?
    /// `Nom` as written in that entry, cut at 255 bytes.
    public let name: String
    /// What is odd.
    public let oddity: Oddity

    /// What can be odd.
    public enum Oddity: Sendable, Hashable {
        /// No `Nom`, or an empty one: the entry lets nobody in.
        case emptyName
        /// `Nom` is no mail domain: the entry lets nobody in.
        case invalidName(DomainError)
        /// `Nom` is not in lower case; domains compare without regard to case.
        case upperCaseName
        /// No `DNCertificatOperateur`, or an empty one: the entry lets nobody in.
        case emptyCertificateName
        /// `DNCertificatOperateur` is no distinguished name: the entry lets nobody in.
        case invalidCertificateName(DistinguishedNameError)
        /// `DNCertificatOperateur` is not written as RFC 4514 wants.
        case irregularCertificateName(DistinguishedNameIrregularity)
        /// `DNCertificatOperateur` has other fields than CN, OU, O, ST, C in this order (table 44).
        case unusualCertificateName
        /// The same domain and certificate name stand in an earlier entry, whose number this is.
        case duplicate(of: Int)
        /// No `DateMAJ`.
        case missingUpdate
        /// `DateMAJ` is no date.
        case invalidUpdate(TimestampError)
        /// `DateMAJ` is later than the list itself.
        case updateAfterGeneration
        /// The date of the list or of the entry names no time zone; UTC is assumed.
        case missingZone
        /// A field is longer than the 255 characters of table 43.
        case overlongField(String)
        /// A field stands more than once in its element; the first counts.
        case repeatedField(String)
        /// An element that the format does not have; left unread.
        case unknownElement(String)
        /// Text where only elements should be; left unread.
        case strayText
    }

    /// True when the entry lets nobody in because of this.
    public var dropsEntry: Bool {
        switch oddity {
        case .emptyName, .invalidName, .emptyCertificateName, .invalidCertificateName: true
        default: false
        }
    }
}

extension WhitelistDiagnostic: CustomStringConvertible {
    /// English, for logs and reports.
    public var description: String {
        let place = entry.map { "entry \($0) (\(name))" } ?? "list"
        return "\(place): \(oddity.description)\(dropsEntry ? "; entry left out" : "")"
    }
}

extension WhitelistDiagnostic.Oddity: CustomStringConvertible {
    /// English, for logs and reports.
    public var description: String {
        switch self {
        case .emptyName: "no name"
        case .invalidName(let error): error.description
        case .upperCaseName: "name not in lower case"
        case .emptyCertificateName: "no certificate name"
        case .invalidCertificateName(let error): "certificate name: \(error)"
        case .irregularCertificateName(let irregularity): "certificate name: \(irregularity.description)"
        case .unusualCertificateName: "certificate name is not CN, OU, O, ST, C"
        case .duplicate(let first): "same as entry \(first)"
        case .missingUpdate: "no update date"
        case .invalidUpdate(let error): "update date: \(error)"
        case .updateAfterGeneration: "updated after the list was generated"
        case .missingZone: "date without time zone, UTC assumed"
        case .overlongField(let field): "\(field) longer than 255 characters"
        case .repeatedField(let field): "\(field) stands more than once"
        case .unknownElement(let name): "unknown element \(name)"
        case .strayText: "text outside the fields"
        }
    }
}
