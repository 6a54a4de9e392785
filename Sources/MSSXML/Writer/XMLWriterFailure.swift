public import MSSCore

/// Why an ``XMLWriter`` refused to write: the result would not have been well-formed XML 1.0 with namespaces.
public enum XMLWriterFailure: ExplainedFailure, Hashable {
    /// Not a name without colon (Namespaces in XML 1.0, `NCName`), or a reserved one (`xmlns`).
    case invalidName
    /// A character that XML 1.0 §2.2 does not allow, even escaped.
    case forbiddenCharacter(scalar: UInt32)
    /// The same attribute twice on one element.
    case duplicateAttribute
    /// A second document element, or text beside it.
    case outsideRoot
    /// An end without a start.
    case nothingOpen
    /// The document was finished while elements were open, or without any element.
    case incomplete
    /// A prefix preferred for two namespaces, or a reserved prefix or namespace.
    case invalidPrefix

    /// `nil`: the rules are those of XML.
    public var requirement: RequirementID? { nil }

    /// One French sentence.
    public var explanation: String {
        switch self {
        case .forbiddenCharacter: "Un texte contient un caractère interdit en XML."
        default: "Le document XML n'a pas pu être produit."
        }
    }

    /// English, for logs; holds nothing of the content but the refused character's number.
    public var description: String {
        switch self {
        case .invalidName: "XML writer: invalid name"
        case .forbiddenCharacter(let scalar):
            "XML writer: U+\(String(scalar, radix: 16, uppercase: true)) is not allowed"
        case .duplicateAttribute: "XML writer: attribute written twice"
        case .outsideRoot: "XML writer: content outside the document element"
        case .nothingOpen: "XML writer: no element is open"
        case .incomplete: "XML writer: elements still open, or none written"
        case .invalidPrefix: "XML writer: prefix or namespace reserved or used twice"
        }
    }
}
