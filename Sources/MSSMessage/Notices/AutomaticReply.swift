public import MSSCore

/// Automatic replies of a mailbox (RFC 3834, EX_GBM_4471): whether one may be sent, and what it looks like.
///
/// The decision is a pure function: what was answered before comes in, and what to remember goes out.
public struct AutomaticReply: Sendable, Hashable {
    /// Why a message is not answered.
    public enum Silence: String, Sendable, Hashable, CaseIterable {
        /// A null return path: the message is a notice.
        case nullSender
        /// The message was itself sent by a machine (`Auto-Submitted`, `multipart/report`, vendors' fields).
        case automaticMessage
        /// The message came through a list or in bulk.
        case list
        /// The sender asks for no automatic answer, or its name tells that nobody reads there.
        case roleSender
        /// The message comes from the mailbox itself.
        case ownMessage
        /// The mailbox is not named among the recipients.
        case notAddressed
        /// The sender had an answer not long ago.
        case recentlyAnswered
        /// The reply is outside its dates.
        case inactive
    }

    /// The decision about one message.
    public enum Decision: Sendable, Hashable {
        /// Answer this address, and remember it.
        case reply(to: String)
        /// Do not answer.
        case silent(Silence)
    }

    /// The mailbox and the other addresses under which it receives.
    public var addresses: [MailAddress]
    /// The text.
    public var text: String
    /// The subject; by default the original's, behind `Réponse automatique :`.
    public var subject: String?
    /// When the reply begins; `nil` for at once.
    public var start: Timestamp?
    /// When it ends; `nil` for never.
    public var end: Timestamp?
    /// Least time between two answers to one sender (RFC 3834 §2 suggests seven days).
    public var interval: Duration = .seconds(7 * 86_400)
    /// Whether to answer messages that do not name the mailbox (blind copies, forwards).
    public var answersUnaddressed = false

    /// A reply.
    public init(addresses: [MailAddress], text: String) {
        self.addresses = addresses
        self.text = text
    }

    /// Decides about a message with this header and return path, given when each sender was last answered (keys: see
    /// ``key(_:)``).
    public func decide(
        header: HeaderBlock, envelopeSender: String?, lastReplies: [String: Timestamp], now: Timestamp
    ) -> Decision {
        if let start, now < start { return .silent(.inactive) }
        if let end, now > end { return .silent(.inactive) }
        // RFC 3834 §4: answers go to the return path, never to From or Reply-To.
        guard let envelopeSender, !envelopeSender.isEmpty, envelopeSender != "<>",
            let at = envelopeSender.lastIndex(of: "@")
        else { return .silent(.nullSender) }
        if AutomaticMessage.isAutomatic(header) { return .silent(.automaticMessage) }
        if AutomaticMessage.isList(header) { return .silent(.list) }
        if AutomaticMessage.isRole(String(envelopeSender[..<at])) || AutomaticMessage.suppressesReplies(header) {
            return .silent(.roleSender)
        }
        let own = Set(addresses.map { AutomaticReply.key($0.text) })
        guard !own.contains(AutomaticReply.key(envelopeSender)) else { return .silent(.ownMessage) }
        if !answersUnaddressed {
            // RFC 3834 §2: the recipient must be named, else the message is likely a list's or a blind copy.
            let named = ["To", "Cc", "Bcc", "Resent-To", "Resent-Cc"].flatMap { header.addresses($0).mailboxes }
            guard named.contains(where: { own.contains(AutomaticReply.key($0.address)) }) else {
                return .silent(.notAddressed)
            }
        }
        if let last = lastReplies[AutomaticReply.key(envelopeSender)], now - last < interval {
            return .silent(.recentlyAnswered)
        }
        return .reply(to: envelopeSender)
    }

    /// The form of an address under which answers are remembered.
    public static func key(_ address: String) -> String { address.lowercased() }

    /// The answer to a message. Send it with a null return path (RFC 3834 §3.3).
    public func message(to sender: String, from: Mailbox, answering header: HeaderBlock) -> OutgoingMessage {
        let original = header.subject.map { StructuredSubject.line($0) } ?? ""
        var message = OutgoingMessage(
            from: from, to: [Mailbox(address: sender)],
            subject: subject ?? "Réponse automatique : " + StructuredSubject.readable(original), content: .text(text))
        message.fields.append(OutgoingField("Auto-Submitted", .tokens("auto-replied")))
        // Exchange and others look at this one only.
        message.fields.append(OutgoingField("X-Auto-Response-Suppress", .tokens("All")))
        if let id = header.messageID {
            message.inReplyTo = [id]
            message.references = Array((header.references + [id]).suffix(20))
        }
        return message
    }
}

/// The marks of messages that machines send.
enum AutomaticMessage {
    /// Sent by a machine: `Auto-Submitted` other than `no` (RFC 3834 §5), a report (RFC 6522), or a vendor's field.
    static func isAutomatic(_ header: HeaderBlock) -> Bool {
        if let value = keyword(header, "Auto-Submitted"), value != "no" { return true }
        if header.contentType?.essence.lowercased() == "multipart/report" { return true }
        if let precedence = keyword(header, "Precedence"), precedence == "auto_reply" { return true }
        return [
            "X-Autoreply", "X-Autorespond", "X-Autorespond-To", "X-Auto-Reply", "X-Autogenerated", "X-Mail-Autoreply",
        ]
        .contains { name in header.first(name) != nil && keyword(header, name) != "no" }
    }

    /// From a list or in bulk (RFC 2369, RFC 2919, RFC 3834 §2).
    static func isList(_ header: HeaderBlock) -> Bool {
        let names = [
            "List-Id", "List-Help", "List-Subscribe", "List-Unsubscribe", "List-Post", "List-Owner", "List-Archive",
        ]
        if names.contains(where: { header.first($0) != nil }) { return true }
        return ["bulk", "list", "junk"].contains(keyword(header, "Precedence") ?? "")
    }

    /// Names behind which nobody reads answers (RFC 3834 §2).
    static func isRole(_ localPart: String) -> Bool {
        let name = localPart.lowercased()
        let exact: Set<String> = [
            "mailer-daemon", "postmaster", "noreply", "no-reply", "no_reply", "donotreply", "do-not-reply",
            "ne-pas-repondre",
            "nepasrepondre", "ne_pas_repondre", "bounce", "bounces", "listserv", "majordomo",
        ]
        return exact.contains(name) || name.hasPrefix("owner-") || name.hasSuffix("-owner")
            || name.hasSuffix("-request")
            || name.hasPrefix("bounce-") || name.hasPrefix("bounces+") || name.contains("-bounces")
    }

    /// Microsoft's request for silence ([MS-OXCMAIL] §2.1.3.2.20).
    static func suppressesReplies(_ header: HeaderBlock) -> Bool {
        guard let value = header.first("X-Auto-Response-Suppress")?.text.lowercased() else { return false }
        let words = value.split { $0 == "," || $0 == " " }
        return words.contains("all") || words.contains("oof") || words.contains("autoreply")
    }

    /// The first word of a field, lower case, without parameters or comments.
    static func keyword(_ header: HeaderBlock, _ name: String) -> String? {
        header.first(name).map { field in
            field.text.trimmed.lowercased().prefix { !$0.isWhitespace && $0 != ";" && $0 != "(" }.description
        }
    }
}
