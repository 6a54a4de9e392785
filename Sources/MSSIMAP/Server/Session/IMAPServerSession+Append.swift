import NIOCore

extension IMAPServerSession {
    /// A reader behind the word `APPEND`, when the command is one.
    func isAppend(_ text: [UInt8]) -> IMAPReader? {
        var reader = IMAPReader(text)
        _ = reader.run(\.isTagCharacter)
        return reader.take(word: " APPEND ") ? reader : nil
    }

    /// A literal of an `APPEND`: the mailbox's name, or the first message.
    mutating func append(_ literal: IMAPCommandFramer.Literal, _ reader: inout IMAPReader, _ tag: String) {
        // Whether the mailbox is read already: else this literal is its name.
        var ahead = reader
        let isName: Bool
        if ahead.current == .openBrace {
            isName = (try? ahead.literal()) == nil
        } else {
            isName = false
        }
        if isName {
            guard literal.size <= limits.literal else {
                return refuse(literal, IMAPStatusResponse(tag: tag, .bad, .tooBig, "Literal too large"))
            }
            if literal.waits { actions.append(.send("+ OK\r\n")) }
            return framer.accept(.keep)
        }
        do throws(IMAPSyntaxError) {
            let mailbox = try reader.mailbox(utf8: isRev2)
            try reader.space()
            let item = try reader.appendItem().item
            try reader.finish()
            message(literal, item, Appending(tag: tag, mailbox: mailbox))
        } catch { refuse(literal, IMAPStatusResponse(tag: tag, .bad, nil, error.description)) }
    }

    private mutating func message(
        _ literal: IMAPCommandFramer.Literal, _ item: IMAPAppendItem, _ appending: Appending
    ) {
        guard literal.size <= Int64(limits.appendSize) else {
            return giveUp(literal, appending, .no, .tooBig, "Message too large")
        }
        guard literal.size > 0 else { return giveUp(literal, appending, .no, nil, "Message empty") }
        guard appending.messages <= limits.appendMessages else {
            return giveUp(literal, appending, .no, .limit, "Too many messages at once")
        }
        phase = .waiting(.draft(appending, literal))
        actions.append(.ask(.draft(appending.mailbox, item, size: Int(literal.size))))
    }

    /// None of the messages is appended.
    mutating func giveUp(
        _ literal: IMAPCommandFramer.Literal, _ appending: Appending, _ status: IMAPStatus, _ code: IMAPResponseCode?,
        _ text: String
    ) {
        actions.append(.abortAppend)
        phase = .command
        refuse(literal, IMAPStatusResponse(tag: appending.tag, status, code, text))
    }

    /// The backend has said whether it takes a message.
    mutating func draftAnswered(
        _ refusal: IMAPRefusal?, _ appending: Appending, _ literal: IMAPCommandFramer.Literal
    ) {
        if let refusal { return giveUp(literal, appending, .no, refusal.code, refusal.text) }
        if literal.waits { actions.append(.send("+ OK\r\n")) }
        framer.accept(.stream)
        phase = .appending(appending)
    }

    /// A piece was taken, or not: then the rest of the command is read over.
    mutating func pieceAnswered(_ refusal: IMAPRefusal?, _ appending: Appending) {
        guard let refusal else {
            phase = .appending(appending)
            return
        }
        // What was announced comes whatever the server says.
        actions.append(.abortAppend)
        framer.skipStreamed()
        phase = .discarding(IMAPStatusResponse(tag: appending.tag, .no, refusal.code, refusal.text))
    }

    /// Reads the content of a message, and what follows it.
    mutating func readMessage(_ appending: Appending) -> Bool {
        if framer.isStreaming {
            guard let piece = framer.takeStreamed(&input) else { return false }
            if piece.readableBytes > 0 {
                phase = .waiting(.piece(appending))
                actions.append(.ask(.piece(piece)))
            }
            return true
        }
        guard let event = framer.next(&input) else { return false }
        switch event {
        case .command([]):
            phase = .waiting(.execute(tag: appending.tag))
            actions.append(.ask(.append))
        case .literal(let literal, let text):
            // RFC 3502: another message.
            var reader = IMAPReader(text)
            var next = appending
            next.messages += 1
            do throws(IMAPSyntaxError) {
                try reader.space()
                let item = try reader.appendItem().item
                try reader.finish()
                message(literal, item, next)
            } catch { giveUp(literal, appending, .bad, nil, error.description) }
        case .command, .bareLineFeed, .tooLong:
            actions.append(.abortAppend)
            phase = .command
            bad(appending.tag, IMAPSyntaxError.trailing.description)
        case .lost: bye(.tooBig, "Line too long")
        }
        return true
    }
}
