import MSSCore
import MSSSASL
public import MSSTLS
public import NIOCore

extension SMTPServerSession {
    /// Acts on a command line, without its CRLF.
    mutating func command(_ line: [UInt8]) {
        let command: SMTPCommand
        do throws(SMTPSyntaxError) {
            let isInternational = transaction?.envelope.parameters.smtpUTF8 ?? false
            command = try SMTPCommand(line: line, internationalized: isInternational)
        } catch {
            if error == .unknownCommand, SMTPServerSession.isOtherProtocol(line) {
                repliesMade += 1
                return end(replies.otherProtocol)
            }
            // In clear, nothing but the way to TLS is told apart (RFC 3207 §4), and what is no command.
            if error != .unknownCommand, let needed = missingTLS(line) { return fault(needed) }
            return fault(replies.syntax(error))
        }
        if isTLSMissing {
            switch command {
            case .ehlo, .lhlo, .startTLS, .noop, .quit: break  // RFC 3207 §4
            default: return fault(replies.startTLSFirst)
            }
        }
        switch command {
        case .ehlo(let name): hello(name, isExtended: true, isRight: !isLMTP)
        case .helo(let name): hello(name, isExtended: false, isRight: !isLMTP)
        case .lhlo(let name): hello(name, isExtended: true, isRight: isLMTP)
        case .startTLS: startTLS()
        case .auth(let mechanism, let response): authenticate(mechanism, response)
        case .mail(let path, let parameters): mail(path, parameters)
        case .rcpt(let path, let parameters): recipient(SMTPRecipient(path, parameters))
        case .data: data()
        case .bdat(let count, let isLast): chunk(count, isLast: isLast)
        case .rset: reset(.reply(replies.done))
        case .noop: reply(replies.done)
        case .vrfy: reply(replies.notVerified)
        case .expn: fault(replies.notImplemented)
        case .help: reply(replies.help)
        case .quit: reset(.bye(replies.bye))
        }
    }

    private var isTLSMissing: Bool { configuration.security == .startTLSRequired && facts.tls == nil }

    /// The reply to a malformed command in clear: a malformed `EHLO` is answered for what it is.
    private func missingTLS(_ line: [UInt8]) -> SMTPReply? {
        guard isTLSMissing, !line.prefix(4).equalsIgnoringCase("EHLO"), !line.prefix(4).equalsIgnoringCase("LHLO"),
            !line.prefix(8).equalsIgnoringCase("STARTTLS")
        else { return nil }
        return replies.startTLSFirst
    }

    /// Lines with which browsers and proxies begin: a page could otherwise send mail through its reader.
    private static func isOtherProtocol(_ line: [UInt8]) -> Bool {
        let word = line.prefix { $0 != .space }
        return line.count > word.count
            && otherVerbs.contains { word.equalsIgnoringCase($0) }
    }

    private static let otherVerbs: [StaticString] = [
        "GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS", "DELETE", "PATCH",
    ]

    private mutating func hello(_ name: SMTPHostName, isExtended: Bool, isRight: Bool) {
        guard isRight else { return fault(replies.unknownCommand) }
        // EHLO must be the last of its group (RFC 2920 §3.1).
        guard !violatesSynchronisation() else { return }
        facts.clientName = name
        reset(.hello(isExtended: isExtended))
    }

    /// Ends the transaction in progress, then goes on. A message in progress is given up first, and the backend heard.
    mutating func reset(_ continuation: Continuation) {
        transaction = nil
        if content != nil {
            if content!.isOpen { actions.append(.abortBody(.reset)) }
            content!.isOpen = false
            if content!.answer == nil {
                phase = .deciding(continuation)
                return
            }
            content = nil
        }
        proceed(continuation)
    }

    mutating func proceed(_ continuation: Continuation) {
        phase = .command
        switch continuation {
        case .outcome, .refusal: break  // made by decide()
        case .reply(let reply): self.reply(reply)
        case .hello(let isExtended):
            // What is said before TLS counts for nothing after it (RFC 3207 §4.2).
            guard !isTLSMissing else { return helloAnswered(.accepted, isExtended: isExtended) }
            phase = .waiting(.hello(isExtended: isExtended))
            actions.append(.ask(.hello))
        case .bye(let reply):
            repliesMade += 1
            end(reply)
        }
    }

    private mutating func startTLS() {
        guard facts.tls == nil else { return fault(replies.badSequence) }
        switch configuration.security {
        case .startTLSOffered, .startTLSRequired: break
        case .none, .immediate: return fault(replies.notImplemented)
        }
        guard transaction == nil, content == nil else { return fault(replies.badSequence) }
        // Octets in clear behind STARTTLS may be anyone's (RFC 3207 §4.2; CVE-2011-0411): never optional.
        guard input.readableBytes == 0 else {
            repliesMade += 1
            return end(replies.synchronisation)
        }
        phase = .startingTLS
        actions.append(.startTLS(goAhead: replies.readyForTLS))
    }

    /// TLS is in place: nothing said before counts (RFC 3207 §4.2).
    public mutating func secured(_ tls: TLSSessionFacts, at now: NIODeadline) {
        guard case .startingTLS = phase else { return }
        repliesMade += 1
        facts.tls = tls
        facts.clientName = nil
        facts.identity = nil
        isGreeted = false
        isExtended = false
        lastActivity = now
        phase = .command
    }

    /// TLS could not begin, and nothing was sent.
    public mutating func tlsUnavailable() {
        guard case .startingTLS = phase else { return }
        phase = .command
        reply(replies.tlsUnavailable)
    }

    // MARK: What is offered

    /// The extensions offered now.
    var capabilities: SMTPCapabilities {
        var all: [SMTPExtension] = [.pipelining]
        let mayBegin = facts.tls == nil && [.startTLSOffered, .startTLSRequired].contains(configuration.security)
        if mayBegin { all.append(.startTLS) }
        all += [.enhancedStatusCodes, .eightBitMIME]
        // Before TLS, what TLS will offer is nobody's business.
        guard !isTLSMissing else { return SMTPCapabilities(serverName: configuration.serverName, extensions: all) }
        all.append(.size(limits.messageSize))
        if configuration.offersSMTPUTF8 { all.append(.smtpUTF8) }
        if configuration.offersChunking { all.append(.chunking) }
        if configuration.offersDSN { all.append(.dsn) }
        if !mechanisms.isEmpty, facts.identity == nil { all.append(.auth(mechanisms)) }
        all.append(.limits(AnnouncedLimits(transactions: limits.transactions, recipients: limits.recipients)))
        return SMTPCapabilities(serverName: configuration.serverName, extensions: all)
    }

    /// The mechanisms offered now: none in clear.
    var mechanisms: [SASLMechanism] {
        guard let tls = facts.tls else { return [] }
        return configuration.mechanisms.filter { $0 != .external || tls.peer != nil }
    }
}
