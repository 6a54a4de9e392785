import MSSSASL
import NIOCore

extension IMAPServerSession {
    /// Reads what the client sends outside of a message's content.
    mutating func readCommand(_ now: NIODeadline) -> Bool {
        guard let event = framer.next(&input) else { return false }
        if case .discarding(let response) = phase { return discarded(event, response) }
        switch event {
        case .command(let octets):
            lastCommand = now
            switch phase {
            case .sasl(let tag, let exchange): saslLine(octets, tag, exchange)
            case .idling(let tag): idleLine(octets, tag)
            default: command(octets)
            }
        case .literal(let literal, let text): self.literal(literal, text)
        case .tooLong(let start): bad(IMAPServerSession.tag(start), "Line too long", .tooBig)
        case .bareLineFeed(let line): bad(IMAPServerSession.tag(line), "Lines end in CRLF")
        case .lost: bye(.tooBig, "Line too long")
        }
        return true
    }

    /// The tag with which a line begins, for an answer to what else is not understood.
    static func tag(_ line: [UInt8]) -> String? {
        var reader = IMAPReader(line)
        let tag = reader.run(\.isTagCharacter)
        guard (1...IMAPGrammarLimits.tag).contains(tag.count), reader.current == .space else { return nil }
        return String(decoding: tag, as: UTF8.self)
    }

    // MARK: Literals

    private mutating func literal(_ literal: IMAPCommandFramer.Literal, _ text: [UInt8]) {
        switch phase {
        case .sasl(let tag, _):
            // A response is base64 in one line; a cancelled exchange goes on with commands.
            phase = .command
            return refuse(literal, IMAPStatusResponse(tag: tag, .bad, nil, "Not base64"))
        case .idling: return bye(.clientBug, "Expected DONE")
        default: break
        }
        let tag = IMAPServerSession.tag(text)
        if state != .notAuthenticated, var reader = isAppend(text) {
            return append(literal, &reader, tag ?? "*")
        }
        let limit = state == .notAuthenticated ? limits.literalBeforeLogin : limits.literal
        guard literal.size <= limit, text.count + Int(literal.size) <= limits.command else {
            return refuse(literal, IMAPStatusResponse(tag: tag, .bad, .tooBig, "Literal too large"))
        }
        if literal.waits { actions.append(.send("+ OK\r\n")) }
        framer.accept(.keep)
    }

    /// Refuses a literal, and the command with it.
    mutating func refuse(_ literal: IMAPCommandFramer.Literal, _ response: IMAPStatusResponse) {
        if literal.waits {
            // RFC 9051 §4.3: the client sends nothing of it.
            framer.accept(.refuse)
            finish(response)
        } else if literal.size > limits.discardedOctets {
            bye(.tooBig, "Literal too large")
        } else {
            framer.accept(.skip)
            phase = .discarding(response)
        }
    }

    private mutating func discarded(_ event: IMAPCommandFramer.Event, _ response: IMAPStatusResponse) -> Bool {
        switch event {
        case .command:
            phase = .command
            finish(response)
        case .literal(let literal, _): refuse(literal, response)
        case .tooLong, .bareLineFeed, .lost: bye(.tooBig, "Line too long")
        }
        return true
    }

    private mutating func finish(_ response: IMAPStatusResponse) {
        if response.status == .bad { return bad(response.tag, response.text, response.code) }
        send(response.tag, response.status, response.code, response.text)
    }

    // MARK: Commands

    private mutating func command(_ octets: [UInt8]) {
        if state == .notAuthenticated, commands >= limits.commandsBeforeLogin {
            return bye(.limit, "Too many commands before authentication")
        }
        do throws(IMAPCommandError) {
            let command = try IMAPTaggedCommand(octets: octets, utf8: isRev2)
            perform(command.command, command.tag)
        } catch {
            if error.reason == .unknownCharset {
                send(error.tag, .no, .badCharset, "Charset not known")  // RFC 9051 §6.4.4
            } else {
                bad(error.tag, error.reason.description)
            }
        }
    }

    private mutating func perform(_ command: IMAPCommand, _ tag: String) {
        switch command {
        case .capability:
            actions.append(.send("* CAPABILITY \(capabilityList)\r\n"))
            completed(tag)
        case .noop where state == .notAuthenticated: completed(tag)
        case .logout:
            send(nil, .bye, nil, "Logging out")
            send(tag, .ok, nil, "Completed")
            close()
        case .id(let fields): identify(fields, tag)
        case .startTLS: startTLS(tag)
        case .authenticate(let mechanism, let response): authenticate(tag, mechanism, response)
        case .login(let user, let password): login(tag, user, password)
        default:
            guard state != .notAuthenticated else { return bad(tag, "Authenticate first") }
            authenticated(command, tag)
        }
    }

    private mutating func authenticated(_ command: IMAPCommand, _ tag: String) {
        switch command {
        case .idle:
            actions.append(.send("+ idling\r\n"))
            lastKeepalive = lastCommand
            phase = .idling(tag: tag)
            actions.append(.ask(.idle))
        case .compress(let algorithm): compress(algorithm, tag)
        case .enable(let names):
            if names.contains("IMAP4REV2") { isRev2 = true }
            execute(command, tag)
        case .append: bad(tag, "Expected a literal")
        case .check, .close, .unselect, .expunge, .search, .sort, .thread, .fetch, .store, .copy:
            guard state == .selected else { return bad(tag, "Select a mailbox first") }
            execute(command, tag)
        default: execute(command, tag)
        }
    }

    private mutating func execute(_ command: IMAPCommand, _ tag: String) {
        phase = .waiting(.execute(tag: tag))
        actions.append(.ask(.execute(command, tag: tag)))
    }

    mutating func completed(_ tag: String, _ text: String = "Completed") { send(tag, .ok, nil, text) }

    private mutating func identify(_ fields: [String: String?]?, _ tag: String) {
        for (name, value) in fields ?? [:] {
            // What a client says of itself goes into logs: a line each, not long.
            if let value { facts.client[String(name.prefix(30))] = String(IMAPText.line(value).prefix(100)) }
        }
        let own = configuration.identification.sorted { $0.key < $1.key }
            .map { "\(IMAPText.quoted($0.key)) \(IMAPText.quoted($0.value))" }.joined(separator: " ")
        actions.append(.send("* ID \(own.isEmpty ? "NIL" : "(\(own))")\r\n"))
        completed(tag)
    }

    private mutating func compress(_ algorithm: String, _ tag: String) {
        guard configuration.offersCompression else { return bad(tag, "command not recognized") }
        guard algorithm == "DEFLATE" else { return send(tag, .no, nil, "Algorithm not known") }
        guard !isCompressed else {
            return send(tag, .no, IMAPResponseCode("COMPRESSIONACTIVE"), "Already compressed")
        }
        // RFC 4978 §3: what follows the command comes compressed; nothing can have followed it yet.
        guard input.readableBytes == 0 else { return bye(.clientBug, "COMPRESS must not be pipelined") }
        isCompressed = true
        commands += 1
        actions.append(.compress(goAhead: IMAPStatusResponse(tag: tag, .ok, nil, "Compression begins").wire))
    }

    // MARK: IDLE

    private mutating func idleLine(_ line: [UInt8], _ tag: String) {
        // RFC 2177: DONE and nothing else; a client that sends commands has lost step.
        let isDone = line.equalsIgnoringCase("DONE")
        phase = .waiting(.idle(tag: tag, isLost: !isDone))
        actions.append(.endIdle)
    }
}
