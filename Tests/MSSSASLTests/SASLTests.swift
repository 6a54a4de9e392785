import MSSSASL
import Testing

@Suite("SASL messages")
struct SASLTests {
    @Test("EX_LPS_0700: the XOAUTH2 example of the Référentiel is read")
    func xoauth2() throws {
        let example =
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMj10Q2cBAQ=="
        // The Référentiel's own text drops a character or two in print; the fields are what it names.
        let message = try #require(SASLMessage(base64: example.utf8))
        let credentials = try XOAUTH2Credentials(message)
        #expect(credentials.user == "someuser@example.com")
        #expect(credentials.token.text.hasPrefix("ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdml"))
        #expect(credentials.message == message)
    }

    @Test("EX_LPS_0900 steps 3 and 4: user and token come out, whatever the case of the scheme")
    func fields() throws {
        let credentials = try XOAUTH2Credentials(
            SASLMessage("user=jean.dupond@medecin.mssante.fr\u{1}auth=bearer abc.def-_~+/==\u{1}\u{1}"))
        #expect(credentials.user == "jean.dupond@medecin.mssante.fr" && credentials.token.text == "abc.def-_~+/==")
    }

    @Test(
        "Malformed XOAUTH2 messages are refused",
        arguments: [
            "", "\u{1}\u{1}", "user=a\u{1}auth=Bearer t\u{1}", "user=a\u{1}auth=Bearer t", "auth=Bearer t\u{1}\u{1}",
            "user=a\u{1}\u{1}", "user=a\u{1}auth=Bearer \u{1}\u{1}", "user=a\u{1}auth=Basic t\u{1}\u{1}",
            "user=a\u{1}auth=Bearer t t\u{1}\u{1}", "user=\u{1}auth=Bearer t\u{1}\u{1}",
            "user=a\u{1}user=b\u{1}auth=Bearer t\u{1}\u{1}", "user=a\r\n\u{1}auth=Bearer t\u{1}\u{1}",
            "user=a\u{0}\u{1}auth=Bearer t\u{1}\u{1}", "user=a\u{1}auth=Bearer t\u{1}\u{1}x",
        ])
    func malformedXOAUTH2(text: String) {
        #expect(throws: SASLMessageError.self) { try XOAUTH2Credentials(SASLMessage(text)) }
    }

    @Test("RFC 7628 §4.1: OAUTHBEARER, with names quoted as RFC 5801 has it")
    func oauthBearer() throws {
        let example =
            "n,a=user@example.com,\u{1}host=server.example.com\u{1}port=143\u{1}auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\u{1}\u{1}"
        let credentials = try OAuthBearerCredentials(SASLMessage(example))
        #expect(credentials.user == "user@example.com")
        #expect(credentials.token.text == "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")
        let odd = try #require(OAuthBearerCredentials(user: "a,b=c", token: "t"))
        #expect(odd.message == SASLMessage("n,a=a=2Cb=3Dc,\u{1}auth=Bearer t\u{1}\u{1}"))
        #expect(try OAuthBearerCredentials(odd.message) == odd)
        #expect(try OAuthBearerCredentials(SASLMessage("y,,\u{1}auth=Bearer t\u{1}\u{1}")).user == nil)
        #expect(throws: SASLMessageError.channelBinding) {
            try OAuthBearerCredentials(SASLMessage("p=tls-unique,,\u{1}auth=Bearer t\u{1}\u{1}"))
        }
        for text in [
            "", "n\u{1}", "n,b=x,\u{1}auth=Bearer t\u{1}\u{1}", "n,a=x=2D,\u{1}auth=Bearer t\u{1}\u{1}", "n,,",
        ] {
            #expect(throws: SASLMessageError.self) { try OAuthBearerCredentials(SASLMessage(text)) }
        }
    }

    @Test("RFC 4616: PLAIN; an empty password is the server's to judge (EX_LPS_1200)")
    func plain() throws {
        let full = try PlainCredentials(SASLMessage("for\0user\0pässword"))
        #expect(full.authorizationIdentity == "for" && full.user == "user" && full.password.text == "pässword")
        #expect(try PlainCredentials(full.message) == full)
        #expect(try PlainCredentials(SASLMessage("\0app@hopital.mssante.fr\0")).password.text == "")
        for text in ["", "user", "\0user", "\0\0password", "a\0b\0c\0d"] {
            #expect(throws: SASLMessageError.self) { try PlainCredentials(SASLMessage(text)) }
        }
        #expect(throws: SASLMessageError.forbiddenCharacter) { try PlainCredentials(SASLMessage([0, 0xFF, 0, 1])) }
    }

    @Test("RFC 4954 §4: base64 to the letter")
    func base64() {
        #expect(SASLMessage(base64: "".utf8)?.bytes == [])
        #expect(SASLMessage(base64: "AA==".utf8)?.bytes == [0])
        #expect(SASLMessage(base64: "AAA=".utf8)?.bytes == [0, 0])
        #expect(SASLMessage(base64: "+/AA".utf8)?.bytes == [0xFB, 0xF0, 0])
        for text in [
            "A", "AA", "AAA", "AB==", "AAB=", "A===", "====", "AA=A", "AAAA=", "AA A", "AAA\r", "-_AA", "=AAA",
        ] {
            #expect(SASLMessage(base64: text.utf8) == nil, "\(text)")
        }
        for count in 0..<70 {
            let message = SASLMessage((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) })
            #expect(SASLMessage(base64: message.base64.utf8) == message)
        }
    }

    @Test("Secrets appear in no description, nor in a dump")
    func secrets() throws {
        let token = try #require(XOAUTH2Credentials(user: "u@h.fr", token: "hush"))
        let password = PlainCredentials(user: "u@h.fr", password: "hush")
        for value in [SASLCredentials.xoauth2(token), .plain(password), .login(password)] {
            var dumped = "\(value) \(String(reflecting: value))"
            dump(value, to: &dumped)
            #expect(!dumped.contains("hush"))
        }
        #expect(
            !"\(token) \(password) \(token.token) \(token.message) \(String(reflecting: token.message))".contains(
                "hush"))
    }

    @Test("RFC 7628 §3.2.2: the error challenge is one JSON object whatever the text")
    func challenge() {
        let challenge = OAuthErrorChallenge(status: "a\"b\\c\u{1}", scope: "openid", openIDConfiguration: "https://x")
        #expect(
            challenge.message
                == SASLMessage(
                    #"{"status":"a\"b\\c\u0001","schemes":"bearer","scope":"openid","openid-configuration":"https://x"}"#
                ))
    }
}
