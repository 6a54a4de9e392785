/// A word of an address list, as ``AddressParser`` takes it in.
enum AddressToken {
    /// Text outside quotes and comments; `glued` when no blank stands before it.
    case atom([UInt8], glued: Bool)
    case quoted([UInt8], glued: Bool)
    case encoded(EncodedWord)

    var isGlued: Bool {
        switch self {
        case .atom(_, let glued), .quoted(_, let glued): glued
        case .encoded: false
        }
    }

    /// Whether it joins what stands before it: by a dot or an at-sign.
    var beginsWithJoint: Bool { Self.isJoint(atom?.first) }
    /// Whether it joins what stands behind it.
    var endsWithJoint: Bool { Self.isJoint(atom?.last) }
    var hasAt: Bool { atom?.contains(UInt8(ascii: "@")) ?? false }

    private var atom: [UInt8]? { if case .atom(let text, _) = self { text } else { nil } }

    private static func isJoint(_ byte: UInt8?) -> Bool { byte == UInt8(ascii: ".") || byte == UInt8(ascii: "@") }
}
