public import MSSCore
public import MSSDNS
public import MSSTLS

/// Why a session, a message or a recipient failed on the sending side.
///
/// ``kind`` says what to do about it, ``phase`` when it happened, ``cause`` what happened. The texts hold neither
/// addresses nor credentials; ``SMTPClientFailure/reply`` holds the peer's own words, which may repeat an address.
public struct SMTPClientFailure: ExplainedFailure, Hashable {
    /// What kind of failure it is.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The server refused for now (4yz).
        case transient
        /// The server refused for good (5yz), or the message cannot be sent to it.
        case permanent
        /// The server refused the credentials or offers no mechanism for them (RFC 4954 §6, EX_LPS_0710).
        case authentication
        /// The peer does not meet what this side requires: TLS, certificate, DN, no loop.
        case policy
        /// The connection could not be made, broke, or fell silent.
        case network
    }

    /// The part of the session in which it happened.
    public enum Phase: String, Sendable, Hashable, CaseIterable {
        /// Finding the hosts of the domain.
        case resolving
        /// Opening the TCP connection.
        case connecting
        /// Waiting for the greeting.
        case greeting
        /// EHLO, LHLO or HELO.
        case hello
        /// STARTTLS and the TLS handshake.
        case startTLS
        /// Looking at the certificate of the server.
        case peerCheck
        /// AUTH.
        case authentication
        /// No transaction in progress.
        case idle
        /// MAIL.
        case mail
        /// RCPT.
        case recipient
        /// DATA, before its go-ahead.
        case data
        /// The message itself.
        case content
        /// After the end of the message, before the server's answer.
        case endOfContent
    }

    /// What happened.
    public enum Cause: Sendable, Hashable {
        /// The server's answer.
        case reply(SMTPReply)
        /// The server's bytes are no reply.
        case malformedReply(SMTPReplyError)
        /// A reply that has no place where it came: the code received.
        case unexpectedReply(SMTPReplyCode)
        /// Bytes came in clear after the answer to STARTTLS (RFC 3207 §4.2).
        case clearBytesAfterStartTLS
        /// No answer in time.
        case timedOut
        /// The server ended the connection.
        case closed
        /// The connection could not be made or broke; the system's reason in English.
        case connection(String)
        /// TLS failed.
        case tls(TLSFailure)
        /// The peer check refused the server.
        case peerRefused(SMTPPeerRefusal)
        /// The server does not offer an extension that is needed: its EHLO keyword.
        case notOffered(String)
        /// The message is larger than the server takes (RFC 1870): its limit in octets.
        case tooLarge(limit: Int)
        /// More recipients than the server takes in a transaction.
        case tooManyRecipients
        /// The message holds a CR or LF that is not part of a CRLF, which could end it early, or a NUL.
        case unfit(LineFaults)
        /// Reading the message failed; the reason in English.
        case content(String)
        /// The credentials cannot be written in the mechanism's form, or could not be obtained.
        case credentials
        /// The name of the server is our own: mail would go round in a circle.
        case loop
        /// The name servers failed.
        case dns(DNSFailure)
        /// The domain does not exist.
        case noSuchDomain
        /// The domain accepts no mail (RFC 7505).
        case acceptsNoMail
        /// No host of the domain has an address.
        case noAddress
        /// The time allowed for delivery is over.
        case expired
        /// The task was cancelled, or the pool closed.
        case cancelled
    }

    /// What kind of failure it is.
    public var kind: Kind
    /// When it happened.
    public var phase: Phase
    /// What happened.
    public var cause: Cause
    /// Whether trying again later is useless.
    public var isPermanent: Bool
    /// Whether the server may have taken the message although its answer never came (RFC 1047): trying again may
    /// double it, giving up may lose it.
    public var mayHaveBeenDelivered: Bool

    /// A failure; by default permanent when its kind is, or when its reply is a 5yz.
    public init(
        _ kind: Kind, _ phase: Phase, _ cause: Cause, isPermanent: Bool? = nil, mayHaveBeenDelivered: Bool = false
    ) {
        self.kind = kind
        self.phase = phase
        self.cause = cause
        self.mayHaveBeenDelivered = mayHaveBeenDelivered
        if let isPermanent {
            self.isPermanent = isPermanent
        } else if case .reply(let reply) = cause {
            self.isPermanent = reply.code.severity == .permanentFailure
        } else {
            self.isPermanent = kind == .permanent
        }
    }

    /// A refusal by reply: transient or permanent by its code.
    init(_ phase: Phase, _ reply: SMTPReply) {
        switch reply.code.severity {
        case .transientFailure: self.init(.transient, phase, .reply(reply))
        case .permanentFailure: self.init(.permanent, phase, .reply(reply))
        case .completed, .intermediate: self.init(.network, phase, .unexpectedReply(reply.code))
        }
    }

    /// Whether the server ended the session or went away, for no fault of the message (RFC 5321 §3.8).
    var isLostConnection: Bool {
        switch cause {
        case .reply(let reply): reply.code.number == 421
        case .closed, .connection: true
        case .tls(let failure): failure.kind == .truncated
        default: false
        }
    }

    /// The server's answer, when one is the cause.
    public var reply: SMTPReply? { if case .reply(let reply) = cause { reply } else { nil } }
}

/// The judgement of a peer check that refuses a server.
public struct SMTPPeerRefusal: Sendable, Hashable {
    /// The requirement that it enforces.
    public var requirement: RequirementID?
    /// One French sentence for the reader.
    public var explanation: String
    /// English text for logs, without personal data.
    public var detail: String
    /// Whether trying again later is useless.
    public var isPermanent: Bool

    /// A refusal.
    public init(requirement: RequirementID? = nil, explanation: String, detail: String, isPermanent: Bool = false) {
        self.requirement = requirement
        self.explanation = explanation
        self.detail = detail
        self.isPermanent = isPermanent
    }
}
