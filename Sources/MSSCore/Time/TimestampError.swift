/// Why a text is not a time in the expected format.
public enum TimestampError: Error, Sendable, Hashable {
    /// A part of a date and time.
    public enum Field: String, Sendable, Hashable {
        /// The parts, from the largest.
        case year, month, day, hour, minute, second, fraction, zone
    }

    /// The text does not have the shape of the format; the field names the first part that is wrong or missing.
    case malformed(Field)
    /// A part is outside its range, for example the 30th of February.
    case outOfRange(Field)
    /// The text names no time zone and the caller gave none to assume.
    case missingZone
    /// Text follows a complete date and time.
    case trailingText
}

extension TimestampError: ExplainedFailure {
    /// No requirement: the formats are those of XML Schema, RFC 3339 and X.690.
    public var requirement: RequirementID? { nil }

    /// The French sentence for the reader.
    public var explanation: String {
        switch self {
        case .malformed: "La date n'est pas dans le format attendu."
        case .outOfRange: "La date contient une valeur impossible."
        case .missingZone: "La date ne précise pas son fuseau horaire."
        case .trailingText: "La date est suivie d'un texte inattendu."
        }
    }

    /// The English text for logs.
    public var description: String {
        switch self {
        case .malformed(let field): "malformed date and time (\(field.rawValue))"
        case .outOfRange(let field): "date and time out of range (\(field.rawValue))"
        case .missingZone: "date and time without a time zone"
        case .trailingText: "text after a complete date and time"
        }
    }
}
