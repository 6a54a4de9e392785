public import MSSCore

/// An instance identifier (HL7 `II`): an OID, and an extension where the OID names a register.
public struct InstanceIdentifier: Sendable, Hashable {
    /// The OID.
    public var root: String
    /// The identifier within it.
    public var `extension`: String?

    /// An identifier from its parts.
    public init(root: String, extension: String? = nil) {
        self.root = root
        self.extension = `extension`
    }

    /// `root^extension`, or the root alone: the unique identifier of a CDA document in XDS (ITI TF-3 §4.2.3.2.26).
    public var uniqueID: String { `extension`.map { "\(root)^\($0)" } ?? root }

    /// As an HL7 v2 `CX`: `extension^^^&root&ISO^type` (ITI TF-3 §4.2.3.1.7).
    public func cx(type: String? = nil) -> String {
        "\(HL7Text.escape(`extension` ?? ""))^^^&\(root)&ISO" + (type.map { "^\($0)" } ?? "")
    }

    /// Reads a `CX`; `nil` without an OID.
    public init?(cx text: some StringProtocol) {
        let parts = text.split(separator: "^", omittingEmptySubsequences: false)
        guard parts.count >= 4 else { return nil }
        let authority = parts[3].split(separator: "&", omittingEmptySubsequences: false)
        guard authority.count >= 2, !authority[1].isEmpty else { return nil }
        self.init(root: String(authority[1]), extension: HL7Text.unescape(parts[0]))
    }

    /// The INS that this identifies, when the root is one of its registers and the number has a right key.
    public var ins: INS? { INSMatricule.Kind(rawValue: root).flatMap { INS(`extension` ?? "", $0) } }
}

/// An identité nationale de santé: the number and the register it stands in.
public struct INS: Sendable, Hashable {
    /// The fifteen characters.
    public let matricule: INSMatricule
    /// The register: NIR, NIA, test or demonstration.
    public let kind: INSMatricule.Kind

    /// An INS from its parts.
    public init(_ matricule: INSMatricule, _ kind: INSMatricule.Kind = .nir) {
        self.matricule = matricule
        self.kind = kind
    }

    /// Checks a number; `nil` when it is none.
    public init?(_ number: some StringProtocol, _ kind: INSMatricule.Kind) {
        guard let matricule = try? INSMatricule(number) else { return nil }
        self.init(matricule, kind)
    }

    /// The identifier that CDA and XDS carry.
    public var identifier: InstanceIdentifier { InstanceIdentifier(root: kind.rawValue, extension: matricule.text) }

    /// `NH`, the identifier type of an INS in HL7 v2 (table 0203; CI-SIS: `NH` for NIR and NIA).
    static let cxType = "NH"
}

/// A code, its system and its meaning in words.
public struct CodedValue: Sendable, Hashable {
    /// The code.
    public var code: String
    /// The OID of the system that the code belongs to.
    public var system: String
    /// The meaning, for a reader.
    public var displayName: String

    /// A code from its parts.
    public init(_ code: String, system: String, displayName: String = "") {
        self.code = code
        self.system = system
        self.displayName = displayName
    }

    /// The OID of LOINC.
    public static let loinc = "2.16.840.1.113883.6.1"
}

/// The delimiters of HL7 v2 inside values (HL7 v2.5 §2.7), and what a value must not bring in.
enum HL7Text {
    private static let escapes: [(Character, String)] = [
        ("\\", "\\E\\"), ("|", "\\F\\"), ("^", "\\S\\"), ("&", "\\T\\"), ("~", "\\R\\"),
    ]

    static func escape(_ text: some StringProtocol) -> String {
        var result = ""
        for character in text {
            if let escape = escapes.first(where: { $0.0 == character }) {
                result += escape.1
            } else {
                result.append(character.isNewline ? " " : character)
            }
        }
        return result
    }

    static func unescape(_ text: some StringProtocol) -> String {
        var result = ""
        var rest = Substring(text)
        while let character = rest.first {
            if character == "\\", let escape = escapes.first(where: { rest.hasPrefix($0.1) }) {
                result.append(escape.0)
                rest = rest.dropFirst(escape.1.count)
            } else {
                result.append(character)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
