import MSSCore
import MSSSASL
import NIOCore

extension SMTPServerSession {
    /// Reads one line and acts on it; `false` when there is no whole line.
    ///
    /// Only CRLF ends a command. A line feed alone ends the line for the eye of someone at a terminal, and for keeping
    /// in step; it is refused (RFC 5321 §2.3.8).
    mutating func readLine(_ now: NIODeadline) -> Bool {
        let found = input.withUnsafeReadableBytes { octets -> Int? in
            let offset = octets.offset(of: .lineFeed, in: scanned..<octets.count)
            return offset < octets.count ? offset : nil
        }
        guard let lineFeed = found else {
            scanned = input.readableBytes
            return dropOverlong()
        }
        scanned = 0
        // withUnsafe… above proved that so many octets are there.
        var line = input.readBytes(length: lineFeed + 1)!
        if input.readableBytes == 0 { input = ByteBuffer() }
        commandsRead += 1
        commandsSinceMessage += 1
        lastActivity = now
        if overlong != nil || line.count > lineLimit(line) {
            overlong = nil
            lineTooLong()
            return true
        }
        line.removeLast()
        guard line.last == .carriageReturn else {
            phase = .command
            fault(replies.bareLineFeedInCommand)
            return true
        }
        line.removeLast()
        if case .sasl(let exchange) = phase {
            phase = .command
            saslLine(line, exchange)
        } else if commandsSinceMessage > limits.commandsWithoutMessage {
            reply(replies.tooManyCommands)
        } else {
            command(line)
        }
        return true
    }

    /// The longest line that these octets may become. A line of `AUTH` may be longer than others (RFC 4954 §4).
    private func lineLimit(_ start: some Collection<UInt8>) -> Int {
        if case .sasl = phase { return limits.authenticationLine }
        return start.prefix(5).equalsIgnoringCase("AUTH ") ? limits.authenticationLine : limits.commandLine
    }

    /// Reads over a line that is too long already, so that it costs no memory; ends when it has no end.
    private mutating func dropOverlong() -> Bool {
        let limit = lineLimit(input.readableBytesView.prefix(5))
        guard overlong != nil || input.readableBytes > limit else { return false }
        overlong = (overlong ?? 0) + input.readableBytes
        input = ByteBuffer()
        scanned = 0
        guard overlong! > 1 << 20 else { return false }
        commandsRead += 1
        repliesMade += 1
        end(replies.lineTooLong)
        return true
    }

    private mutating func lineTooLong() {
        if case .sasl = phase {
            phase = .command
            fault(replies.authenticationLineTooLong)
        } else {
            fault(replies.lineTooLong)
        }
    }

    /// Whether the client sent more than the command that had to be the last of its group (RFC 2920 §3.1): what it
    /// sent ahead could be taken for something else.
    ///
    /// Postfix does so too since its version 3.9 (smtpd_forbid_unauth_pipelining).
    mutating func violatesSynchronisation() -> Bool {
        guard configuration.checksSynchronisation, input.readableBytes > 0 else { return false }
        repliesMade += 1
        end(replies.synchronisation)
        return true
    }
}
