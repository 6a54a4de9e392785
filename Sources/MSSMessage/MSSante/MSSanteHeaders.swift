public import MSSCore

/// The header fields by which client software tells what a message carries (Référentiel #1 §6.9.3.1.1; atelier éditeurs
/// #4, requirement 2.3).
public struct MSSanteHeaders: Sendable, Hashable {
    /// The field names.
    public enum Name {
        /// Numéro d'identification logiciel, on every message of client software.
        public static let softwareNumber = "X-MSS-NIL"
        /// `O` when the structured documents hold a qualified INS.
        public static let ins = "X-MSS-INS"
        /// The types of the CDA documents, separated by commas.
        public static let cdaCodes = "X-MSS-CODECDA"
        /// `FIN` when the patient may not answer.
        public static let patientExchange = "X-MSS-MES"
    }

    /// Longest value of the statistics columns that these fields feed (table 46).
    public static let maximumValue = 255

    /// The number of the software (NIL).
    public var softwareNumber: String?
    /// Whether the structured documents hold a qualified INS; `nil` without structured documents.
    public var hasQualifiedINS: Bool?
    /// The types of the CDA documents, in order.
    public var cdaCodes: [String]
    /// Whether Mon espace santé must keep the patient from answering.
    public var endsPatientExchange: Bool

    /// Fields from their values.
    public init(
        softwareNumber: String?, hasQualifiedINS: Bool? = nil, cdaCodes: [String] = [],
        endsPatientExchange: Bool = false
    ) {
        self.softwareNumber = softwareNumber
        self.hasQualifiedINS = hasQualifiedINS
        self.cdaCodes = cdaCodes
        self.endsPatientExchange = endsPatientExchange
    }

    /// The fields to write; throws ``MSSanteHeaderError`` for a value that may not stand in its field.
    public func fields() throws(MSSanteHeaderError) -> [OutgoingField] {
        var fields: [OutgoingField] = []
        func add(_ name: String, _ value: String) throws(MSSanteHeaderError) {
            guard value.utf8.count <= MSSanteHeaders.maximumValue else { throw .tooLong(name) }
            fields.append(OutgoingField(name, .tokens(value)))
        }
        if let softwareNumber {
            guard !softwareNumber.isEmpty, softwareNumber.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x3B })
            else {
                throw .invalid(Name.softwareNumber)  // ";" separates the statistics columns
            }
            try add(Name.softwareNumber, softwareNumber)
        }
        if let hasQualifiedINS { try add(Name.ins, hasQualifiedINS ? "O" : "N") }
        if !cdaCodes.isEmpty {
            let isCode = { (code: String) in
                !code.isEmpty
                    && code.utf8.allSatisfy {
                        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x2D || $0 == 0x2E
                            || $0 == 0x5F
                    }
            }
            guard cdaCodes.allSatisfy(isCode) else { throw .invalid(Name.cdaCodes) }
            try add(Name.cdaCodes, cdaCodes.joined(separator: ","))
        }
        if endsPatientExchange { try add(Name.patientExchange, "FIN") }
        return fields
    }

    /// Reads the fields of a message, as leniently as the statistics do: no value is refused, an unknown one is none.
    public init(reading header: HeaderBlock) {
        func value(_ name: String) -> String? { header.first(name).map { $0.text.trimmed } }
        softwareNumber = value(Name.softwareNumber).flatMap { $0.isEmpty ? nil : $0 }
        hasQualifiedINS =
            switch value(Name.ins)?.uppercased() {
            case "O": true
            case "N": false
            default: nil
            }
        cdaCodes = (value(Name.cdaCodes) ?? "").split { $0 == "," || $0 == ";" }.map { String($0).trimmed }
            .filter { !$0.isEmpty }
        // Three capitals, exactly (atelier éditeurs #4).
        endsPatientExchange = value(Name.patientExchange) == "FIN"
    }
}

/// Why a value cannot stand in its MSSanté field.
public enum MSSanteHeaderError: ExplainedFailure, Hashable {
    /// Characters that the field does not take; the field's name.
    case invalid(String)
    /// Longer than 255 characters; the field's name.
    case tooLong(String)

    /// The statistics that the fields feed.
    public var requirement: RequirementID? { "EX_PSU_5830" }
    /// English, for a log.
    public var description: String {
        switch self {
        case .invalid(let name): "\(name): invalid value"
        case .tooLong(let name): "\(name): value too long"
        }
    }
    /// French, for the reader.
    public var explanation: String {
        switch self {
        case .invalid(let name): "La valeur de l'en-tête \(name) contient des caractères interdits."
        case .tooLong(let name): "La valeur de l'en-tête \(name) dépasse \(MSSanteHeaders.maximumValue) caractères."
        }
    }
}
