import MSSSASL

extension SMTPCommand {
    /// Longest chunk that `BDAT` may announce: what stays far from overflow when counted (2 to the 50th octets).
    public static let maximumChunkSize = 1 << 50

    /// Reads a command line, without its CRLF.
    ///
    /// Verbs and keywords count without regard to case; one space separates verb and argument, more are accepted, and
    /// spaces at the end are ignored (RFC 5321 §4.1.1). A space after `FROM:` and `TO:` is accepted: RFC 5321 §3.3
    /// forbids sending it, and widespread clients do.
    ///
    /// - Parameter internationalized: whether UTF-8 is allowed in a recipient: true within a transaction whose `MAIL`
    ///   said `SMTPUTF8`. (For `MAIL` itself the line says it.)
    public init(line: some Sequence<UInt8>, internationalized: Bool = false) throws(SMTPSyntaxError) {
        let line = Array(line)
        let verbEnd = line.firstIndex(of: .space) ?? line.endIndex
        let verb = line[..<verbEnd]
        guard !verb.isEmpty, verb.count <= 8, verb.allSatisfy({ $0.isLetter }) else { throw .unknownCommand }
        guard line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .forbiddenCharacter }
        var argument = line[verbEnd...].drop { $0 == .space }
        while argument.last == .space { argument.removeLast() }
        switch String(decoding: verb.map(\.uppercased), as: UTF8.self) {
        case "EHLO": self = .ehlo(try SMTPCommand.hostName(argument))
        case "HELO": self = .helo(try SMTPCommand.hostName(argument))
        case "LHLO": self = .lhlo(try SMTPCommand.hostName(argument))
        case "MAIL": self = try SMTPCommand.mail(argument)
        case "RCPT": self = try SMTPCommand.rcpt(argument, internationalized: internationalized)
        case "AUTH": self = try SMTPCommand.auth(argument)
        case "BDAT": self = try SMTPCommand.bdat(argument)
        case "NOOP": self = .noop
        case "VRFY": self = .vrfy(try SMTPCommand.text(argument))
        case "EXPN": self = .expn(try SMTPCommand.text(argument))
        case "HELP": self = .help(argument.isEmpty ? nil : try SMTPCommand.text(argument))
        case "DATA": self = try SMTPCommand.plain(.data, argument)
        case "RSET": self = try SMTPCommand.plain(.rset, argument)
        case "QUIT": self = try SMTPCommand.plain(.quit, argument)
        case "STARTTLS": self = try SMTPCommand.plain(.startTLS, argument)
        default: throw .unknownCommand
        }
    }

    private static func plain(
        _ command: SMTPCommand, _ argument: ArraySlice<UInt8>
    ) throws(SMTPSyntaxError) -> SMTPCommand {
        guard argument.isEmpty else { throw .unexpectedArgument }
        return command
    }

    private static func hostName(_ argument: ArraySlice<UInt8>) throws(SMTPSyntaxError) -> SMTPHostName {
        guard !argument.isEmpty else { throw .missingArgument }
        guard let name = SMTPHostName(argument) else { throw .malformedHostName }
        return name
    }

    private static func text(_ argument: ArraySlice<UInt8>) throws(SMTPSyntaxError) -> String {
        guard !argument.isEmpty else { throw .missingArgument }
        guard let text = String(validating: argument, as: UTF8.self) else { throw .forbiddenCharacter }
        return text
    }

    private static func mail(_ argument: ArraySlice<UInt8>) throws(SMTPSyntaxError) -> SMTPCommand {
        let (content, rest) = try path(argument, after: "FROM:")
        let parameters = try MailParameters(try RawParameter.split(rest))
        return .mail(try ReversePath(content: content, internationalized: parameters.smtpUTF8), parameters)
    }

    private static func rcpt(
        _ argument: ArraySlice<UInt8>, internationalized: Bool
    ) throws(SMTPSyntaxError) -> SMTPCommand {
        let (content, rest) = try path(argument, after: "TO:")
        let raw = try RawParameter.split(rest)
        guard internationalized || rest.allSatisfy({ $0 < 0x80 }) else { throw .forbiddenCharacter }
        return .rcpt(
            try ForwardPath(content: content, internationalized: internationalized), try RecipientParameters(raw))
    }

    /// Splits `FROM:<content> rest`. The end of the path is the first `>` outside a quoted local part.
    private static func path(
        _ argument: ArraySlice<UInt8>, after keyword: StaticString
    ) throws(SMTPSyntaxError) -> (content: ArraySlice<UInt8>, rest: ArraySlice<UInt8>) {
        guard !argument.isEmpty else { throw .missingArgument }
        guard argument.prefix(keyword.utf8CodeUnitCount).equalsIgnoringCase(keyword) else { throw .malformedPath }
        let path = argument.dropFirst(keyword.utf8CodeUnitCount).drop { $0 == .space }
        guard path.first == UInt8(ascii: "<") else { throw .malformedPath }
        var isQuoted = false
        var index = path.startIndex + 1
        while index < path.endIndex {
            switch path[index] {
            case UInt8(ascii: "\\") where isQuoted: index += 1
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ">") where !isQuoted:
                let rest = path[(index + 1)...]
                guard rest.isEmpty || rest.first == .space else { throw .malformedPath }
                return (path[(path.startIndex + 1)..<index], rest)
            default: break
            }
            index += 1
        }
        throw .malformedPath
    }

    private static func auth(_ argument: ArraySlice<UInt8>) throws(SMTPSyntaxError) -> SMTPCommand {
        guard !argument.isEmpty else { throw .missingArgument }
        let words = argument.split(separator: .space)
        guard words.count <= 2 else { throw .unexpectedArgument }
        guard let mechanism = SASLMechanism(words[0]) else { throw .malformedMechanism }
        guard words.count == 2 else { return .auth(mechanism, initialResponse: nil) }
        if words[1].elementsEqual("=".utf8) { return .auth(mechanism, initialResponse: SASLMessage([])) }
        guard let message = SASLMessage(base64: words[1]) else { throw .malformedBase64 }
        return .auth(mechanism, initialResponse: message)
    }

    private static func bdat(_ argument: ArraySlice<UInt8>) throws(SMTPSyntaxError) -> SMTPCommand {
        guard !argument.isEmpty else { throw .missingArgument }
        let words = argument.split(separator: .space)
        guard words.count <= 2, let count = words[0].decimal(), count <= maximumChunkSize,
            words.count == 1 || words[1].equalsIgnoringCase("LAST")
        else { throw .malformedChunkSize }
        return .bdat(count: count, isLast: words.count == 2)
    }
}
