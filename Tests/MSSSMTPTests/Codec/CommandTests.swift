import MSSCore
import MSSSASL
import MSSSMTP
import Testing

@Suite("SMTP commands")
struct CommandTests {
    private func parse(_ line: String, internationalized: Bool = false) -> Result<SMTPCommand, SMTPSyntaxError> {
        Result { () throws(SMTPSyntaxError) in
            try SMTPCommand(line: line.utf8, internationalized: internationalized)
        }
    }

    @Test(
        "Every command is written as it is read",
        arguments: [
            "EHLO mx.hopital.fr", "HELO [192.0.2.1]", "LHLO host_1", "STARTTLS", "AUTH PLAIN",
            "AUTH XOAUTH2 dXNlcg==", "AUTH EXTERNAL =", "MAIL FROM:<>", "MAIL FROM:<a@b.fr>",
            "MAIL FROM:<\"a b\"@c.fr> SIZE=12 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+2B12 AUTH=<>",
            "MAIL FROM:<a@b.fr> AUTH=e+3Dmc2@example.com", "RCPT TO:<Postmaster>",
            "RCPT TO:<a@b.fr> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@z.fr", "RCPT TO:<a@b.fr> NOTIFY=NEVER",
            "MAIL FROM:<a@b.fr> XFUTURE=1", "DATA", "BDAT 0", "BDAT 1000 LAST", "RSET", "NOOP", "VRFY someone",
            "EXPN list", "HELP", "HELP MAIL", "QUIT",
        ])
    func roundTrip(line: String) throws {
        let command = try parse(line).get()
        #expect(command.wire == line + "\r\n")
        #expect(try SMTPCommand(line: command.wire.dropLast(1).utf8) == command)
    }

    @Test("RFC 5321 §2.4: verbs and keywords count without regard to case, local parts with it")
    func letterCase() throws {
        let command = try parse("mail from:<Jean@Hopital.FR> size=5 body=8bitmime").get()
        guard case .mail(.address(let address), let parameters) = command else { return #expect(Bool(false)) }
        #expect(address.localPart == "Jean" && address.domain.ascii == "hopital.fr")
        #expect(parameters.size == 5 && parameters.body == .eightBit)
    }

    @Test("A space after the colon, which widespread clients send, is accepted; one missing bracket is not")
    func colon() throws {
        #expect(try parse("MAIL FROM: <a@b.fr>").get() == parse("MAIL FROM:<a@b.fr>").get())
        for line in [
            "MAIL FROM:a@b.fr", "MAIL FROM:<a@b.fr", "MAIL FROM:a@b.fr>", "MAIL FROM <a@b.fr>", "MAIL <a@b.fr>",
        ] {
            #expect(parse(line) == .failure(.malformedPath), "\(line)")
        }
    }

    @Test("RFC 5321 appendix F.2: a source route is read and ignored, a malformed one refused")
    func sourceRoute() throws {
        #expect(try parse("RCPT TO:<@a.fr,@b.fr:x@c.fr>").get() == parse("RCPT TO:<x@c.fr>").get())
        for line in ["RCPT TO:<@a.fr,b.fr:x@c.fr>", "RCPT TO:<@a.fr x@c.fr>", "RCPT TO:<@:x@c.fr>"] {
            #expect(parse(line) == .failure(.malformedPath), "\(line)")
        }
    }

    @Test("The end of a path is the bracket outside quotes")
    func quotedBracket() throws {
        let command = try parse(#"RCPT TO:<"a>b\"c d"@e.fr> NOTIFY=FAILURE"#).get()
        guard case .rcpt(.address(let address), let parameters) = command else { return #expect(Bool(false)) }
        #expect(address.localPart == #"a>b"c d"#)
        #expect(parameters.notify == .failure)
    }

    @Test("RFC 6531 §3.4: UTF-8 in a mailbox needs SMTPUTF8")
    func international() throws {
        #expect(
            try parse("MAIL FROM:<dédé@hopital.fr> SMTPUTF8").get().wire == "MAIL FROM:<dédé@hopital.fr> SMTPUTF8\r\n")
        #expect(parse("MAIL FROM:<dédé@hopital.fr>") == .failure(.address(.internationalized)))
        #expect(parse("RCPT TO:<dédé@hopital.fr>") == .failure(.address(.internationalized)))
        #expect(throws: Never.self) { try parse("RCPT TO:<dédé@hopital.fr>", internationalized: true).get() }
    }

    @Test(
        "EX_3.1_5040: what is no command of RFC 5321 is refused for what it is",
        arguments: [
            ("", SMTPSyntaxError.unknownCommand), ("XYZZY", .unknownCommand), ("EHLOX a", .unknownCommand),
            (" EHLO a", .unknownCommand), ("\u{16}\u{3}\u{1}", .unknownCommand), ("EHLO", .missingArgument),
            ("EHLO a b", .malformedHostName), ("EHLO é", .malformedHostName), ("DATA now", .unexpectedArgument),
            ("QUIT QUIT", .unexpectedArgument), ("NOOP \u{0}", .forbiddenCharacter),
            ("MAIL FROM:<a@b.fr>\rRCPT TO:<c@d.fr>", .forbiddenCharacter),
            ("MAIL FROM:<a@b.fr>SIZE=1", .malformedPath),
            ("MAIL FROM:<a@[192.0.2.1]>", .address(.addressLiteral(.ipv4(192, 0, 2, 1)))),
            ("MAIL FROM:<a@b.fr> SIZE=1 SIZE=2", .repeatedParameter(keyword: "SIZE")),
            ("MAIL FROM:<a@b.fr> SIZE=-1", .malformedParameterValue(keyword: "SIZE")),
            ("MAIL FROM:<a@b.fr> SIZE", .malformedParameterValue(keyword: "SIZE")),
            ("MAIL FROM:<a@b.fr> SIZE=123456789012345678901", .malformedParameterValue(keyword: "SIZE")),
            ("MAIL FROM:<a@b.fr> BODY=9BIT", .malformedParameterValue(keyword: "BODY")),
            ("MAIL FROM:<a@b.fr> SMTPUTF8=1", .malformedParameterValue(keyword: "SMTPUTF8")),
            ("MAIL FROM:<a@b.fr> RET=NONE", .malformedParameterValue(keyword: "RET")),
            ("MAIL FROM:<a@b.fr> ENVID=a+2", .malformedParameterValue(keyword: "ENVID")),
            ("MAIL FROM:<a@b.fr> AUTH=nobody", .malformedParameterValue(keyword: "AUTH")),
            ("MAIL FROM:<a@b.fr> A=B=C", .malformedParameter), ("MAIL FROM:<a@b.fr> =C", .malformedParameter),
            ("RCPT TO:<>", .malformedPath),
            ("RCPT TO:<a@b.fr> NOTIFY=NEVER,DELAY", .malformedParameterValue(keyword: "NOTIFY")),
            ("RCPT TO:<a@b.fr> NOTIFY=", .malformedParameter),
            ("RCPT TO:<a@b.fr> ORCPT=x@y", .malformedParameterValue(keyword: "ORCPT")),
            ("BDAT", .missingArgument), ("BDAT -1", .malformedChunkSize), ("BDAT 1 MORE", .malformedChunkSize),
            ("BDAT 99999999999999999999", .malformedChunkSize), ("BDAT 1 LAST 2", .malformedChunkSize),
            ("AUTH", .missingArgument), ("AUTH PLAIN a", .malformedBase64), ("AUTH P!", .malformedMechanism),
            ("AUTH PLAIN AAAA BBBB", .unexpectedArgument),
        ])
    func refused(line: String, error: SMTPSyntaxError) {
        guard line != "RCPT TO:<>" else { return #expect(parse(line) == .failure(.address(.empty))) }
        #expect(parse(line) == .failure(error))
    }

    @Test("A declared size of twenty digits is beyond any limit, not an overflow")
    func hugeSize() throws {
        guard case .mail(_, let parameters) = try parse("MAIL FROM:<> SIZE=99999999999999999999").get() else { return }
        #expect(parameters.size == .max)
        guard case .mail(_, let zero) = try parse("MAIL FROM:<> SIZE=00000000000000000000").get() else { return }
        #expect(zero.size == 0)
    }

    @Test("Envelope values cannot hold a line break, free text loses it")
    func injection() {
        #expect(SMTPCommand.vrfy("a\r\nMAIL FROM:<>").wire == "VRFY aMAIL FROM:<>\r\n")
        #expect(SMTPParameter(keyword: "X", value: "1\r\nDATA") == nil)
        #expect(SMTPParameter(keyword: "X Y") == nil)
        let parameters = MailParameters(envelopeID: "a\r\nb =+")
        #expect(parameters.wire == " ENVID=a+0D+0Ab+20+3D+2B")
    }

    @Test("Descriptions hide tokens and patients")
    func descriptions() throws {
        let secret = try parse("AUTH PLAIN AHVzZXIAcGFzc3dvcmQ=").get()
        #expect("\(secret)" == "AUTH PLAIN")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect(!dumped.contains("AHVz") && !dumped.contains("117"))
        let patient = try parse("RCPT TO:<180017500012345@patient.mssante.fr>").get()
        #expect(!"\(patient)".contains("180017500012345"))
    }
}

@Suite("Capabilities of a server")
struct CapabilityTests {
    @Test("The answer to EHLO is read as it is written")
    func roundTrip() throws {
        let capabilities = SMTPCapabilities(
            serverName: "mx.hopital.fr",
            extensions: [
                .pipelining, .startTLS, .enhancedStatusCodes, .eightBitMIME, .size(1000), .smtpUTF8, .chunking,
                .dsn, .binaryMIME, .auth([.xoauth2, .plain]),
                .limits(AnnouncedLimits(transactions: 5, recipients: 40, recipientDomains: 1)),
                .other(keyword: "XCLIENT", parameters: ["NAME", "ADDR"]),
            ])
        let lines = capabilities.reply.wire.split(separator: "\r\n")
        let read = SMTPCapabilities(reply: try SMTPReply.parse(lines: lines))
        #expect(read == capabilities)
        #expect(read.maximumSize == 1000 && read.mechanisms == [.xoauth2, .plain] && read.limits.recipients == 40)
    }

    @Test("Servers that write it differently are understood; nonsense is ignored")
    func tolerant() throws {
        let lines = [
            "250-mx.exempl.com at your service, [145.87.123.47]", "250-size", "250-AUTH=LOGIN PLAIN",
            "250-auth LOGIN XOAUTH2", "250-LIMITS RCPTMAX=0 MAILMAX=x RCPTDOMAINMAX=1234567 rcptmax=7",
            "250-  ", "250-!?", "250 PIPELINING",
        ]
        let read = SMTPCapabilities(reply: try SMTPReply.parse(lines: lines))
        #expect(read.serverName == "mx.exempl.com")
        #expect(read.offersSize && read.maximumSize == nil)
        #expect(read.mechanisms == [.login, .plain, .xoauth2])
        #expect(read.limits == AnnouncedLimits(recipients: 7))
        #expect(read.offers(.pipelining) && !read.offers(.startTLS))
    }
}
