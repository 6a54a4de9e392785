import Glibc
public import MSSCore
public import MSSMessage

/// Notices in French and in plain words (RE_GBM_4410, EX_GBM_4450, EX_GBM_4460), as RFC 3464 reports.
public struct FrenchDeliveryNotices: DeliveryNoticeWriter {
    /// Octets of a message returned whole, when its sender asked for it (`RET=FULL`); of larger ones only the header.
    public static let maximumReturnedSize = 1 << 20
    /// Octets of a header read and returned.
    public static let maximumHeaderSize = 64 << 10

    private let author: Mailbox
    private let host: String
    private let zoneMinutes: @Sendable (Timestamp) -> Int

    /// A writer of notices.
    ///
    /// - Parameters:
    ///   - author: the operator's mailbox that the notices come from.
    ///   - host: the name of this server.
    ///   - zoneMinutes: minutes east of Greenwich at a time, for the times in the text; by default this machine's.
    public init(
        author: Mailbox, host: String,
        zoneMinutes: @escaping @Sendable (Timestamp) -> Int = FrenchDeliveryNotices.localZoneMinutes
    ) {
        self.author = author
        self.host = host
        self.zoneMinutes = zoneMinutes
    }

    /// Minutes east of Greenwich on this machine (`TZ`).
    public static let localZoneMinutes: @Sendable (Timestamp) -> Int = { time in
        var seconds = time_t(time.seconds)
        var parts = tm()
        localtime_r(&seconds, &parts)
        return parts.tm_gmtoff / 60
    }

    /// Writes a notice.
    public func notice(_ request: DeliveryNoticeRequest) async throws -> NewDelivery {
        let outcomes = request.items.map { outcome($0, request) }
        var notice = DeliveryNotice(
            from: author, to: Mailbox(request.sender), reportingHost: host, outcomes: outcomes)
        notice.envelopeID = request.message.envelope.envelopeID
        // A message that can no longer be read is still reported: better a bare notice than none.
        let header = (try? await request.message.content.prefix(Self.maximumHeaderSize)) ?? []
        let original = Message(header)
        notice.originalSubject = original.header.subject
        notice.originalMessageID = original.header.messageID
        notice.originalDate = original.header.date ?? date(request.arrival)
        notice.returned = await returned(request, header: Self.headerOnly(header))
        do { return try Self.delivery(notice, to: request.sender) } catch is WriterError {
            // Something of the message cannot be written: better a bare notice than none.
            (notice.originalSubject, notice.originalMessageID, notice.returned) = (nil, nil, .nothing)
            return try Self.delivery(notice, to: request.sender)
        }
    }

    private static func delivery(_ notice: DeliveryNotice, to sender: MailAddress) throws -> NewDelivery {
        var options = WriterOptions()
        options.mode = .eightBitMIME
        var writer = try MessageWriter(notice.message(), options: options)
        let isEightBit = writer.needsEightBitMIME
        let content = SMTPContent(try writer.bytes())
        var sevenBitContent: SMTPContent?
        if isEightBit {
            options.mode = .sevenBit
            var sevenBit = try MessageWriter(notice.message(), options: options)
            sevenBitContent = SMTPContent(try sevenBit.bytes())
        }
        // RFC 3461 §7: from nobody, and nothing is to be told about it.
        let recipient = OutgoingEnvelope.Recipient(sender, notify: .never)
        let envelope = OutgoingEnvelope(sender: nil, recipients: [recipient], isEightBit: isEightBit)
        return NewDelivery(SMTPOutgoingMessage(envelope, content, sevenBitContent: sevenBitContent))
    }

    private func date(_ time: Timestamp) -> MessageDate { MessageDate(time, zoneMinutes: zoneMinutes(time)) }

    private func outcome(_ item: DeliveryNoticeRequest.Item, _ request: DeliveryNoticeRequest) -> DeliveryNotice.Outcome
    {
        let original = item.recipient.original.map { DeliveryReport.TypedValue($0.addressType, $0.address) }
        var recipient = DeliveryReport.Recipient(
            final: .address(item.recipient.address.text), action: .relayed, status: "2.1.9", original: original,
            remoteMTA: item.host.map { .host($0) }, lastAttempt: date(request.time))
        var reason: NoticeReason?
        switch item.event {
        case .relayed: break
        case .failed(let failure):
            recipient.action = .failed
            recipient.status = failure.status
            recipient.diagnostic = failure.reply.map { .smtp($0.diagnostic) }
            reason = Self.reason(failure)
        case .delayed(let failure, let until):
            recipient.action = .delayed
            recipient.status = failure.status
            recipient.diagnostic = failure.reply.map { .smtp($0.diagnostic) }
            recipient.willRetryUntil = date(until)
        }
        return DeliveryNotice.Outcome(recipient, reason: reason)
    }

    /// The reader's view where the status alone would say too little.
    private static func reason(_ failure: SMTPClientFailure) -> NoticeReason? {
        switch failure.cause {
        case .peerRefused: .domainNotTrusted
        case .expired: .expired
        case .noSuchDomain, .acceptsNoMail, .noAddress: .unknownDomain
        case .tooLarge: .tooLarge
        // Given up after a refusal for now: the time was over, whatever the last words were; a full mailbox stays one.
        case .reply(let reply) where reply.code.severity == .transientFailure:
            reply.enhanced?.subject == 2 && reply.enhanced?.detail == 2 ? .mailboxFull : .expired
        default: nil
        }
    }

    /// `RET` (RFC 3461 §4.3): the whole message only when asked for and only after a failure.
    private func returned(_ request: DeliveryNoticeRequest, header: [UInt8]) async -> DeliveryNotice.Returned {
        let hasFailure = request.items.contains { if case .failed = $0.event { true } else { false } }
        let content = request.message.content
        if request.message.envelope.returned == .full, hasFailure, let size = content.size,
            size <= Self.maximumReturnedSize, let bytes = try? await content.prefix(size)
        {
            return .message(bytes)
        }
        return header.isEmpty ? .nothing : .header(header)
    }

    /// Up to the empty line that ends the header.
    private static func headerOnly(_ bytes: [UInt8]) -> [UInt8] {
        var lineStart = 0
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") {
            let line = bytes[lineStart..<index]
            if line.isEmpty || line.elementsEqual([UInt8(ascii: "\r")]) { return Array(bytes[..<lineStart]) }
            lineStart = index + 1
        }
        // No end within the limit: whole lines only.
        return Array(bytes[..<(lineStart == 0 ? bytes.count : lineStart)])
    }
}

extension SMTPReply {
    /// Code and text on one line, for `Diagnostic-Code`.
    fileprivate var diagnostic: String { "\(self) \(lines.joined(separator: " "))" }
}
