public import MSSCore

/// The number of a mailbox in the operator's base; never given twice.
public struct MailboxID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number.
    public let rawValue: Int64
    /// Wraps a number.
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    /// Given earlier is less.
    public static func < (left: MailboxID, right: MailboxID) -> Bool { left.rawValue < right.rawValue }
    /// `bal 12`.
    public var description: String { "bal \(rawValue)" }
}

/// The number of a person in the operator's base; it stays when the national identifier is corrected (EX_PBA_5100).
public struct PersonID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The number.
    public let rawValue: Int64
    /// Wraps a number.
    public init(_ rawValue: Int64) { self.rawValue = rawValue }
    /// Given earlier is less.
    public static func < (left: PersonID, right: PersonID) -> Bool { left.rawValue < right.rawValue }
    /// `personne 12`.
    public var description: String { "personne \(rawValue)" }
}

/// By what a person is known and authenticated: the national identifier, or a structure's own directory (§5.2).
public enum PersonIdentity: Sendable, Hashable {
    /// RPPS or ADELI, as Pro Santé Connect gives them.
    case national(PersonIdentifier)
    /// A name in the local directory of a structure.
    case local(structure: StructureIdentifier, name: String)

    /// Longest local name, in octets.
    static let maximumLocalName = 128

    /// Reads ``text``. Type 10 is no identity: it is the address under which the directory publishes a local one.
    public init(_ text: some StringProtocol) throws(IdentityError) {
        if text.first == "L" {
            let parts = text.dropFirst().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let structure = try? StructureIdentifier(parts[0]),
                PersonIdentity.isName(String(parts[1]))
            else { throw .malformed }
            self = .local(structure: structure, name: String(parts[1]))
        } else {
            guard let identifier = try? PersonIdentifier(text) else { throw .malformed }
            if case .mailbox = identifier { throw .malformed }
            self = .national(identifier)
        }
    }

    /// The form kept and exchanged: `8` and the RPPS, `0` and the ADELI, or `L`, the structure, a colon and the name.
    public var text: String {
        switch self {
        case .national(let identifier): identifier.text
        case .local(let structure, let name): "L\(structure.text):\(name)"
        }
    }

    /// True when ``text`` reads back as this identity: a case built by hand can hold a type 10 or any name.
    var isSound: Bool {
        switch self {
        case .national(.mailbox): false
        case .national: true
        case .local(_, let name): PersonIdentity.isName(name)
        }
    }

    /// Any text but controls and the marks that separate lists in files.
    static func isName(_ name: String) -> Bool {
        (1...maximumLocalName).contains(name.utf8.count)
            && !name.unicodeScalars.contains { $0 == "|" || $0 == ">" || $0.properties.generalCategory == .control }
    }
}

/// Why a text is no identity.
public enum IdentityError: Error, Sendable, Hashable {
    /// Neither a national identifier nor a local name.
    case malformed
}

extension IdentityError: ExplainedFailure {
    /// EX_GBM_4230.
    public var requirement: RequirementID? { "EX_GBM_4230" }
    /// The French sentence for the reader.
    public var explanation: String {
        "L'identité n'est ni un numéro RPPS ou ADELI, ni un nom de l'annuaire d'une structure."
    }
    /// The English text for logs.
    public var description: String { "malformed identity of a person" }
}
