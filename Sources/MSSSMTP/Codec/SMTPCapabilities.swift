public import MSSCore
public import MSSSASL

/// What a server can do: its answer to `EHLO` or `LHLO`.
public struct SMTPCapabilities: Sendable, Hashable {
    /// The name that the server gave of itself, as written.
    public var serverName: String
    /// The extensions, in the order announced.
    public var extensions: [SMTPExtension]

    /// Capabilities; without extensions, those of a server that knows only `HELO`.
    public init(serverName: String, extensions: [SMTPExtension] = []) {
        self.serverName = serverName
        self.extensions = extensions
    }

    /// Reads an answer to `EHLO`. Lines that are no extension are ignored: the answer is for clients to pick from.
    public init(reply: SMTPReply) {
        serverName = reply.lines.first.map { String($0.prefix { $0 != " " }) } ?? ""
        extensions = reply.lines.dropFirst().compactMap { SMTPExtension(line: $0) }
    }

    /// The answer to `EHLO`.
    public var reply: SMTPReply {
        SMTPReply(code: 250, text: ([serverName] + extensions.map(\.line)).joined(separator: "\n"))
    }

    /// Whether an extension without parameters is announced.
    public func offers(_ wanted: SMTPExtension) -> Bool { extensions.contains(wanted) }

    /// Whether `SIZE` is announced at all.
    public var offersSize: Bool { extensions.contains { if case .size = $0 { true } else { false } } }

    /// The largest message accepted, in octets; `nil` when the server gives none (RFC 1870 §4: 0 is no limit).
    public var maximumSize: Int? {
        for case .size(let size?) in extensions where size > 0 { return size }
        return nil
    }

    /// The SASL mechanisms, without duplicates, in the order announced; empty without `AUTH`.
    public var mechanisms: [SASLMechanism] {
        var all: [SASLMechanism] = []
        for case .auth(let mechanisms) in extensions {
            for mechanism in mechanisms where !all.contains(mechanism) { all.append(mechanism) }
        }
        return all
    }

    /// What `LIMITS` announces.
    public var limits: AnnouncedLimits {
        for case .limits(let limits) in extensions { return limits }
        return AnnouncedLimits()
    }
}
