import Foundation
import MSSCore
import MSSTLS
import Testing

@testable import MSSTraces

@Suite struct TraceEventTests {
    private static let time = try! Timestamp(rfc3339: "2026-07-01T08:00:00.123456789Z")  // a literal

    private static let doctor = TracePerson(identifier: "810001234567", name: "Dr Élodie \"Lô\" Martin")
    private static let secretary = TracePerson(identifier: "local-42", name: "Paul\u{7F} Roux\\")

    /// One event of each kind of author, together with every member set.
    static let events: [TraceEvent] = [
        TraceEvent(
            .connect, .failure, by: .unauthenticated(claimed: "810001234567"), at: time,
            mailbox: address("alice@hopital.mssante.fr"),
            means: TraceMeans(
                software: "Thunderbird 128", system: "Windows 11", channel: "imap", address: "10.1.2.3:51000"),
            authentication: .proSanteConnect, request: "a1 AUTHENTICATE OAUTHBEARER", reply: "a1 NO expired"),
        TraceEvent(
            .sendMessage, by: .delegate(secretary, onBehalfOf: doctor), at: time,
            mailbox: address("alice@hopital.mssante.fr"),
            message: TraceMessage(
                identifier: "M-1", sender: address("alice@hopital.mssante.fr"),
                recipients: [address("bob@labo.mssante.fr"), address("carole@clinique.mssante.fr")],
                subject: "Résultats\tdu 1er", size: 12_345_678)),
        TraceEvent(
            .receiveMessage, .refused, by: .peer("CN=labo.mssante.fr,O=Labo"), at: time,
            message: TraceMessage(identifier: "M-2", sender: nil, recipients: [], subject: nil, size: nil)),
        TraceEvent(.sendMessage, by: .application("CN=dpi.hopital.fr"), at: time),
        TraceEvent(
            .changeMailbox, by: .administrator(doctor), at: time,
            changes: [
                TraceChange("description", before: nil, after: "Cardiologie"),
                TraceChange("phone", before: "1", after: nil),
            ]),
        TraceEvent(.startComponent, by: .system("mss-operator"), at: time),
        TraceEvent(.connect, .failure, by: .unauthenticated(claimed: nil), at: time),
    ]

    @Test(
        "EX_GDT_5040: action, author, time, means, address, request, reply and failure are kept and read back",
        arguments: events)
    func roundTrip(event: TraceEvent) throws {
        let encoded = event.encoded(time: Timestamp(seconds: 0))
        let back = try #require(
            TraceEvent(family: event.action.family, facts: encoded.facts, personal: encoded.personal))
        #expect(back == event)
    }

    @Test("EX_GDT_5030: a delegate's action names the delegate and the person who delegated")
    func delegate() throws {
        let event = TraceEventTests.events[1]
        let text = String(decoding: event.encoded(time: TraceEventTests.time).personal, as: UTF8.self)
        #expect(text.contains(#""identifier":"local-42""#) && text.contains(#""principal":"810001234567""#))
        #expect(Set(event.author.searchable) == ["local-42", "810001234567"])
    }

    @Test("EX_GDT_5060: a connection's trace holds the kind of authentication", arguments: TraceAuthentication.allCases)
    func authentication(kind: TraceAuthentication) throws {
        var event = TraceEventTests.events[0]
        event.authentication = kind
        let encoded = event.encoded(time: TraceEventTests.time)
        let back = TraceEvent(family: .functional, facts: encoded.facts, personal: encoded.personal)
        #expect(back?.authentication == kind)
        #expect(String(decoding: encoded.facts, as: UTF8.self).contains("\"\(kind.rawValue)\""))
    }

    @Test("EX_GDT_5050: the subject is kept under 1.6 and dropped under 1.7")
    func subject() throws {
        let event = TraceEventTests.events[1]
        #expect(TraceConfiguration(version: .v1_6).admitted(event).message?.subject == "Résultats\tdu 1er")
        let kept = try #require(TraceConfiguration(version: .v1_7draft).admitted(event).message)
        #expect(kept.subject == nil)
        #expect(kept.identifier == "M-1" && kept.size == 12_345_678 && kept.recipients.count == 2)
    }

    @Test("What a message says of itself is cut: a header may hold half a megabyte, and its trace must find room")
    func boundedMessage() throws {
        let tabs = "a" + String(repeating: "\t", count: 180_000) + "é"
        var message = TraceMessage(identifier: tabs, sender: nil, recipients: [], subject: tabs)
        #expect(message.subject?.utf8.count == 1000 && message.subject?.hasSuffix("…") == true)
        #expect(message.identifier.utf8.count == 1000)
        message.subject = String(repeating: "é", count: 5_000)
        #expect((message.subject?.utf8.count ?? 0) <= 1000)
        message.subject = "Résultats"
        #expect(message.subject == "Résultats")
        // Read back it is what it was.
        let again = TraceMessage(identifier: message.identifier, sender: nil, recipients: [])
        #expect(again.identifier == message.identifier)
    }

    @Test("A software that stays silent is written NIL")
    func silentSoftware() { #expect(TraceMeans().software == "NIL") }

    @Test("Nothing personal stands among the facts that outlive anonymisation", arguments: events)
    func factsAreAnonymous(event: TraceEvent) {
        let facts = String(decoding: event.encoded(time: TraceEventTests.time).facts, as: UTF8.self)
        for secret in [
            "810001234567", "local-42", "Martin", "alice", "bob", "M-1", "10.1.2.3", "CN=", "Thunderbird", "Cardio",
        ] {
            #expect(!facts.contains(secret))
        }
    }

    @Test(
        "EX_GDT_5040: credentials are masked in requests and replies",
        arguments: [
            ("AUTH PLAIN AGFsaWNlAHNlY3JldA==", "AUTH PLAIN ***"),
            ("AUTH LOGIN", "AUTH LOGIN"),
            ("a1 AUTHENTICATE XOAUTH2 dXNlcj1h", "a1 AUTHENTICATE XOAUTH2 ***"),
            ("a1 LOGIN alice secret", "a1 LOGIN ***"),
            ("PASS secret word", "PASS ***"),
            ("AGFsaWNlAHNlY3JldA==", "***"),
            ("Authorization: Basic YTpi", "Authorization: ***"),
            ("GET /x?access_token=abc.def&y=1", "GET /x?access_token=***&y=1"),
            ("error Bearer abcdef0123 invalid", "error Bearer *** invalid"),
            ("token=eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "token=***"),
            ("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln here", "got *** here"),
            ("{\"password\": \"hunter2\", \"user\": \"a\"}", "{\"password\": \"***\", \"user\": \"a\"}"),
            ("PASSWORD=Hunter2!x rest", "PASSWORD=***!x rest"),
        ])
    func credentials(raw: String, kept: String) { #expect(TraceText(raw).text == kept) }

    @Test(
        "EX_GDT_5040: what follows a command on the next lines is content and is not kept",
        arguments: [
            ("DATA\r\nSubject: secret\r\n\r\nsecret\r\n", "DATA"),
            ("a1 APPEND INBOX {6}\r\nsecret", "a1 APPEND INBOX {6}"),
            ("* 1 FETCH (ENVELOPE (\"date\" \"secret\"))", "* 1 FETCH (…)"),
            ("MAIL FROM:<a@b.fr>\nsecret", "MAIL FROM:<a@b.fr>"),
        ])
    func content(raw: String, kept: String) { #expect(TraceText(raw).text == kept) }

    @Test(
        "Ordinary commands stay as they are",
        arguments: [
            "EHLO mail.labo.mssante.fr", "RCPT TO:<alice@hopital.mssante.fr> NOTIFY=NEVER",
            "550 5.1.1 Mailbox unknown", "a2 UID MOVE 1:9 Archive", "250 2.0.0 OK queued as 4bXyz12Q",
        ])
    func ordinary(raw: String) { #expect(TraceText(raw).text == raw) }

    @Test("A long text is cut at a character")
    func long() {
        let text = TraceText(String(repeating: "é", count: 900)).text
        #expect(text.utf8.count <= TraceText.maximumLength && text.hasSuffix("é…"))
    }

    @Test("Patients' addresses and INS are taken out of every member when they are to be redacted")
    func patients() throws {
        let ins = "185057800608491"
        let patient = "\(ins)@patient.mssante.fr"
        try #require((try? INSMatricule(ins)) != nil)
        let event = TraceEvent(
            .sendMessage, by: .person(TracePerson(identifier: ins, name: "Jeanne Patiente")), at: TraceEventTests.time,
            mailbox: address(patient), means: TraceMeans(software: "app \(ins)", address: patient),
            request: TraceText("RCPT TO:<\(patient)>"), reply: TraceText("550 <\(patient.uppercased())> unknown"),
            message: TraceMessage(
                identifier: "<1.\(patient)>", sender: address(patient),
                recipients: [address("98765@patient.mssante.fr"), address("bob@labo.mssante.fr")],
                subject: "Dossier \(ins), \(ins)"),
            changes: [TraceChange("holder", before: ins, after: patient)])
        let kept = TraceConfiguration(patientAddresses: .kept).admitted(event)
        #expect(kept == event)
        let redacted = TraceConfiguration(patientAddresses: .redacted).admitted(event)
        let encoded = redacted.encoded(time: TraceEventTests.time)
        let text = String(decoding: encoded.facts + encoded.personal, as: UTF8.self)
        #expect(!text.contains(ins) && !text.contains("98765") && !text.contains("Jeanne"))
        #expect(redacted.message?.recipients.last == address("bob@labo.mssante.fr"))
        #expect(redacted.request?.text == "RCPT TO:<usager@patient.mssante.fr>")
    }

    @Test(
        "JSON in any other spelling is refused",
        arguments: [
            "", "{", "{}x", "{ }", "{\"a\":01}", "{\"a\":-0}", "{\"a\":\"\\n\"}", "{\"a\":\"\\u0041\"}",
            "{\"a\":1,\"a\":2}",
            "{\"a\":[1]}", "{\"a\":{}}", "{\"a\":99999999999999999999}", "{\"a\":\"\u{1}\"}", "[]", "{\"a\":\"b}",
        ])
    func strictJSON(text: String) { #expect(JSONReading.object(Array(text.utf8)) == nil) }
}

@Suite struct TraceSeedTests {
    /// The seeds are written by a few lines of Python: a second reading of the format, without a line of ours.
    @Test("A segment made by another hand, from the description of the format alone, is read and verified")
    func seeds() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fuzz/Seeds/trace-segment")
        let bytes = try [UInt8](Data(contentsOf: folder.appending(path: "two")))
        let content = try #require(SegmentContent(bytes))
        #expect(content.records == 2 && content.rewritten == bytes)
        #expect(content.events.first?.message?.recipients.count == 2)
        #expect(content.events.last?.message == nil)
    }
}
