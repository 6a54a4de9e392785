public import MSSCore
import MSSSASL

/// The sender of an envelope: `Reverse-path` of RFC 5321 §4.1.2.
public enum ReversePath: Sendable, Hashable {
    /// `<>`: notices that nobody shall answer automatically (RFC 5321 §4.5.5; §6.7.1.1 of the Référentiel, remark).
    case null
    /// A mailbox.
    case address(MailAddress)

    /// The mailbox; `nil` for the null sender.
    public var address: MailAddress? { if case .address(let address) = self { address } else { nil } }

    /// The path as written, angle brackets included.
    public var wire: String { "<\(address?.text ?? "")>" }
}

/// A recipient of an envelope: `Forward-path` of RFC 5321 §4.1.2.
public enum ForwardPath: Sendable, Hashable {
    /// `<Postmaster>` without a domain, which every server must accept (RFC 5321 §4.5.1).
    case postmaster
    /// A mailbox.
    case address(MailAddress)

    /// The mailbox; `nil` for the server's own postmaster.
    public var address: MailAddress? { if case .address(let address) = self { address } else { nil } }

    /// The path as written, angle brackets included.
    public var wire: String { "<\(address?.text ?? "Postmaster")>" }
}

extension ReversePath: CustomStringConvertible {
    /// The path, without the identity of a patient.
    public var description: String { "<\(address?.description ?? "")>" }
}

extension ForwardPath: CustomStringConvertible {
    /// The path, without the identity of a patient.
    public var description: String { "<\(address?.description ?? "Postmaster")>" }
}

extension ReversePath {
    /// Reads what stands between the angle brackets.
    init(content: ArraySlice<UInt8>, internationalized: Bool) throws(SMTPSyntaxError) {
        self = content.isEmpty ? .null : .address(try .inPath(content, internationalized: internationalized))
    }
}

extension ForwardPath {
    /// Reads what stands between the angle brackets.
    init(content: ArraySlice<UInt8>, internationalized: Bool) throws(SMTPSyntaxError) {
        if content.equalsIgnoringCase("POSTMASTER") {
            self = .postmaster
        } else {
            self = .address(try .inPath(content, internationalized: internationalized))
        }
    }
}

extension MailAddress {
    /// Reads the mailbox of a path, without the source route that may precede it: servers must read one and should
    /// ignore it (RFC 5321 §4.1.2 `A-d-l`, appendix F.2).
    fileprivate static func inPath(
        _ content: ArraySlice<UInt8>, internationalized: Bool
    ) throws(SMTPSyntaxError) -> MailAddress {
        var content = content
        if content.first == UInt8(ascii: "@") {
            guard let colon = content.firstIndex(of: UInt8(ascii: ":")) else { throw .malformedPath }
            for hop in content[..<colon].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
                guard hop.first == UInt8(ascii: "@"),
                    (try? Domain(String(decoding: hop.dropFirst(), as: UTF8.self))) != nil
                else { throw .malformedPath }
            }
            content = content[(colon + 1)...]
        }
        guard let text = String(validating: content, as: UTF8.self) else { throw .forbiddenCharacter }
        do { return try MailAddress(text, internationalized: internationalized) } catch { throw .address(error) }
    }
}
