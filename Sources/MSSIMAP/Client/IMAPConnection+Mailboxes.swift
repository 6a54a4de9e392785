public import MSSCore
import MSSSASL
public import NIOCore

/// A mailbox that was selected.
public struct IMAPSelected: Sendable, Hashable {
    /// Messages in it.
    public var messages = 0
    /// `UIDVALIDITY`.
    public var validity: UInt32 = 0
    /// `UIDNEXT`; `nil` when not told.
    public var nextUID: UInt32?
    /// `HIGHESTMODSEQ`; `nil` when the server keeps none.
    public var changeNumber: Int64?
    /// Whether flags cannot be changed.
    public var isReadOnly = false
    /// UIDs that vanished since what was known (RFC 7162).
    public var vanished = NumberRanges()
    /// Messages that changed since.
    public var changed: [IMAPFetchedMessage] = []

    init(_ replies: IMAPReplies) {
        for response in replies.responses {
            switch response {
            case .exists(let count): messages = Int(count)
            case .vanished(let uids, isEarlier: true): vanished = NumberRanges(joining: vanished.ranges + uids.ranges)
            case .message(let message): changed.append(message)
            case .status(let status): note(status.code)
            default: break
            }
        }
        isReadOnly = replies.status.code?.name == "READ-ONLY"
    }

    private mutating func note(_ code: IMAPResponseCode?) {
        guard let code, let number = code.argument.flatMap({ Int64($0) }) else { return }
        switch code.name {
        case "UIDVALIDITY": validity = UInt32(exactly: number) ?? 0
        case "UIDNEXT": nextUID = UInt32(exactly: number)
        case "HIGHESTMODSEQ": changeNumber = number
        default: break
        }
    }
}

extension IMAPConnection {
    /// Selects a mailbox.
    ///
    /// - Parameter known: what is known of it; what changed since is told in the answer, when the server offers QRESYNC.
    @discardableResult
    public func select(
        _ mailbox: IMAPMailboxName, readOnly: Bool = false, known: IMAPSelection.Known? = nil
    ) async throws(IMAPClientFailure) -> IMAPSelected {
        var parts: [IMAPExchange.Part] = [.text(readOnly ? "EXAMINE " : "SELECT ")] + name(mailbox)
        if let known, enabled.contains(.qresync) {
            let uids = known.uids.map { " \($0.wire)" } ?? ""
            parts.append(.text(" (QRESYNC (\(known.validity) \(known.changeNumber)\(uids)))"))
        } else if capabilities.contains(.condstore) {
            parts.append(.text(" (CONDSTORE)"))
        }
        return IMAPSelected(try await execute(IMAPExchange.Request(parts) { _ in true }))
    }

    /// Leaves the mailbox that is selected; nothing is expunged.
    public func unselect() async throws(IMAPClientFailure) {
        // RFC 3691; without it, a mailbox that is not there is selected, which fails and unselects.
        guard capabilities.contains(.unselect) else {
            _ = try await replies(to: IMAPExchange.Request([.text("EXAMINE \"\"")]) { _ in true })
            return
        }
        try await execute("UNSELECT")
    }

    /// All mailboxes.
    public func mailboxes(subscribedOnly: Bool = false) async throws(IMAPClientFailure) -> [IMAPListedMailbox] {
        let replies = try await execute(
            IMAPExchange.Request([.text(subscribedOnly ? "LSUB \"\" \"*\"" : "LIST \"\" \"*\"")]) {
                if case .mailbox = $0 { true } else { false }
            })
        return replies.responses.compactMap { if case .mailbox(let mailbox) = $0 { mailbox } else { nil } }
    }

    /// What `STATUS` tells of a mailbox; what the server does not tell is left out.
    public func status(
        of mailbox: IMAPMailboxName, _ items: [IMAPStatusItem]
    ) async throws(IMAPClientFailure) -> [IMAPStatusItem: Int64] {
        let items = items.map(\.rawValue).joined(separator: " ")
        let replies = try await execute(
            IMAPExchange.Request([.text("STATUS ")] + name(mailbox) + [.text(" (\(items))")]) {
                if case .mailboxStatus = $0 { true } else { false }
            })
        guard case .mailboxStatus(_, let values)? = replies.responses.last else { return [:] }
        return values
    }

    /// Makes a mailbox.
    public func create(_ mailbox: IMAPMailboxName, use: IMAPSpecialUse? = nil) async throws(IMAPClientFailure) {
        var parts: [IMAPExchange.Part] = [.text("CREATE ")] + name(mailbox)
        if let use {
            guard capabilities.contains("CREATE-SPECIAL-USE") else {
                throw IMAPClientFailure(.notOffered("CREATE-SPECIAL-USE"))
            }
            parts.append(.text(" (USE (\(use.rawValue)))"))
        }
        try await execute(IMAPExchange.Request(parts))
    }

    /// Deletes a mailbox with its messages.
    public func delete(_ mailbox: IMAPMailboxName) async throws(IMAPClientFailure) {
        try await execute(IMAPExchange.Request([.text("DELETE ")] + name(mailbox)))
    }

    /// Gives a mailbox another name.
    public func rename(_ mailbox: IMAPMailboxName, to other: IMAPMailboxName) async throws(IMAPClientFailure) {
        try await execute(IMAPExchange.Request([.text("RENAME ")] + name(mailbox) + [.text(" ")] + name(other)))
    }

    /// Marks a mailbox as one to be shown, or not.
    public func setSubscribed(_ isSubscribed: Bool, _ mailbox: IMAPMailboxName) async throws(IMAPClientFailure) {
        try await execute(
            IMAPExchange.Request([.text(isSubscribed ? "SUBSCRIBE " : "UNSUBSCRIBE ")] + name(mailbox)))
    }

    /// Octets used and allowed in a mailbox's account; `nil` when they are not bounded, or the server does not tell.
    public func quota(of mailbox: IMAPMailboxName = .inbox) async throws(IMAPClientFailure) -> IMAPQuota? {
        guard capabilities.contains("QUOTA") else { return nil }
        let replies = try await execute(
            IMAPExchange.Request([.text("GETQUOTAROOT ")] + name(mailbox)) {
                if case .quota = $0 { true } else { false }
            })
        return replies.responses.lazy.compactMap { if case .quota(_, let quota) = $0 { quota } else { nil } }.first
    }

    /// Tells who this is, and asks who the server is (RFC 2971).
    public func identify() async throws(IMAPClientFailure) -> [String: String] {
        let fields = configuration.identification.sorted { $0.key < $1.key }
            .map { "\(IMAPText.quoted(IMAPText.line($0.key))) \(IMAPText.quoted(IMAPText.line($0.value)))" }
        let replies = try await execute(
            IMAPExchange.Request([.text("ID \(fields.isEmpty ? "NIL" : "(\(fields.joined(separator: " ")))")")]) {
                if case .id = $0 { true } else { false }
            })
        guard case .id(let fields)? = replies.responses.last else { return [:] }
        return fields
    }

    /// Appends a message; its UID when the server tells it (RFC 4315).
    ///
    /// - Parameters:
    ///   - size: octets of `content`, to the last.
    ///   - content: the message, with CRLF line ends; read no faster than the server takes it.
    @discardableResult
    public func append<Content: AsyncSequence & Sendable>(
        _ content: Content, size: Int, to mailbox: IMAPMailboxName, flags: [IMAPFlag] = [], received: Timestamp? = nil
    ) async throws(IMAPClientFailure) -> UInt32? where Content.Element == ByteBuffer {
        var options = flags.isEmpty ? "" : " (\(flags.map(\.name).joined(separator: " ")))"
        if let received { options += " \"\(IMAPDates.dateTime(received))\"" }
        let request = IMAPExchange.Request(
            [.text("APPEND ")] + name(mailbox) + [.text("\(options) "), .message(size: size)])
        let (loop, handler) = (channel.eventLoop, handler)
        let (wanted, done) = try await value(
            of: loop.submit { () -> (EventLoopFuture<Void>?, EventLoopFuture<IMAPReplies>) in
                let exchange = handler.value.submit(request, loop)
                return (exchange.messageWanted?.futureResult, exchange.done.futureResult)
            })
        if let wanted { try await value(of: wanted) }
        var left = size
        do {
            for try await piece in content {
                left -= piece.readableBytes
                guard left >= 0 else { break }
                try await value(of: loop.flatSubmit { handler.value.give(piece, loop) })
            }
        } catch let failure as IMAPClientFailure { throw failure } catch { left = -1 }
        guard left == 0 else {
            // The server waits for octets that do not come: only the end of the session makes it forget the message.
            loop.execute { handler.value.fail(.content) }
            throw IMAPClientFailure(.content)
        }
        try await value(of: loop.submit { handler.value.endMessage() })
        let replies = try await value(of: done)
        guard replies.status.status == .ok else { throw IMAPClientFailure(.refused(replies.status)) }
        guard let code = replies.status.code, code.name == "APPENDUID" else { return nil }
        return code.argument?.split(separator: " ").last.flatMap { UInt32($0) }
    }

    /// Appends a message that is at hand.
    @discardableResult
    public func append(
        _ message: ByteBuffer, to mailbox: IMAPMailboxName, flags: [IMAPFlag] = [], received: Timestamp? = nil
    ) async throws(IMAPClientFailure) -> UInt32? {
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        continuation.yield(message)
        continuation.finish()
        return try await append(stream, size: message.readableBytes, to: mailbox, flags: flags, received: received)
    }
}
