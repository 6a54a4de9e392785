public import MSSCore

/// One mailbox of an address list (RFC 5322 §3.4), as far as the text allowed it to be read.
///
/// Reading is tolerant: `address` is whatever stood in the place of an address, which may lack a domain. Strict
/// addresses are `MSSCore.MailAddress`.
public struct Mailbox: Hashable, Sendable {
    /// The display name, decoded (RFC 2047); `nil` when there was none.
    public var name: String?
    /// The address without angle brackets, comments or blanks: `local@domain`; `""` for `<>` or a name alone.
    public var address: String
    /// The obsolete source route before the address (RFC 5322 §4.4), for example `@relay.example`.
    public var route: String?
    /// Comments found around the mailbox, decoded, in order.
    public var comments: [String]

    /// A mailbox from its parts.
    public init(name: String? = nil, address: String, route: String? = nil, comments: [String] = []) {
        self.name = name
        self.address = address
        self.route = route
        self.comments = comments
    }

    /// A mailbox of a strict address.
    public init(name: String? = nil, _ address: MailAddress) { self.init(name: name, address: address.text) }

    /// The address read strictly (RFC 5321, RFC 6531); `nil` when it is none.
    public var mailAddress: MailAddress? { try? MailAddress(address, internationalized: true) }

    /// The name to show: the display name, or else the first comment (the form `jdoe@example.org (John Doe)`).
    public var displayName: String? { name ?? comments.first }

    /// What precedes the last `@`; the whole address when there is none.
    public var localPart: String {
        guard let at = address.utf8.lastIndex(of: UInt8(ascii: "@")) else { return address }
        return String(address[..<at])
    }

    /// What follows the last `@`; `nil` when there is none.
    public var domain: String? {
        guard let at = address.utf8.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        return String(address[address.utf8.index(after: at)...])
    }
}

extension Mailbox: CustomStringConvertible {
    /// The domain only: who writes to whom is personal data.
    public var description: String { "‹…›@\(domain ?? "")" }
}

/// An entry of an address list: a mailbox, or a named group of mailboxes (RFC 5322 §3.4).
public enum AddressEntry: Hashable, Sendable {
    /// A mailbox.
    case mailbox(Mailbox)
    /// A group with its display name and its members, possibly none (`undisclosed-recipients:;`).
    case group(name: String, [Mailbox])

    /// The mailbox, or the members of the group.
    public var mailboxes: [Mailbox] {
        switch self {
        case .mailbox(let mailbox): [mailbox]
        case .group(_, let members): members
        }
    }
}

/// A parsed address list with what was amiss in it.
public struct AddressList: Hashable, Sendable {
    /// Mailboxes and groups in order.
    public var entries: [AddressEntry]
    /// What was tolerated, offsets within the field's value.
    public var diagnostics: [Diagnostic]

    /// A list of entries.
    public init(_ entries: [AddressEntry], diagnostics: [Diagnostic] = []) {
        self.entries = entries
        self.diagnostics = diagnostics
    }

    /// All mailboxes, groups dissolved.
    public var mailboxes: [Mailbox] { entries.flatMap(\.mailboxes) }
}
