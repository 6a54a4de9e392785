import MSSCore
import MSSMessage
import MSSTestKit
import Testing

@Suite("MSSanté fields, subjects and structured messages")
struct MSSanteTests {
    // MARK: Fields

    @Test("EX_PSU_5830: the fields behind the statistics are written and read back")
    func fields() throws {
        let headers = MSSanteHeaders(
            softwareNumber: "AAAAAAAA", hasQualifiedINS: true, cdaCodes: ["34112-3", "PRESC-BIO"],
            endsPatientExchange: true)
        let fields = try headers.fields()
        #expect(
            fields == [
                OutgoingField("X-MSS-NIL", .tokens("AAAAAAAA")), OutgoingField("X-MSS-INS", .tokens("O")),
                OutgoingField("X-MSS-CODECDA", .tokens("34112-3,PRESC-BIO")),
                OutgoingField("X-MSS-MES", .tokens("FIN")),
            ])
        var message = OutgoingMessage(
            from: Mailbox(address: "a@x.mssante.fr"), to: [Mailbox(address: "b@x.mssante.fr")], subject: nil,
            content: .text(""))
        message.fields = fields
        var writer = try MessageWriter(message, options: Fixture.options)
        #expect(MSSanteHeaders(reading: Message(try writer.bytes()).header) == headers)
    }

    @Test(
        "Values that may not stand in a field are refused",
        arguments: ["", "a b", "a;b", "a\r\nBcc: x@y", "é", String(repeating: "x", count: 256)])
    func wrongFields(value: String) {
        #expect(throws: MSSanteHeaderError.self) { try MSSanteHeaders(softwareNumber: value).fields() }
        #expect(throws: MSSanteHeaderError.self) { try MSSanteHeaders(softwareNumber: nil, cdaCodes: [value]).fields() }
    }

    @Test("Fields of others are read leniently; FIN is three capitals")
    func lenient() {
        let header = Message(
            Array("X-MSS-INS: o \r\nX-MSS-CODECDA: 34112-3 ; 11490-0,\r\nX-MSS-MES: fin\r\nX-MSS-NIL:\r\n\r\n".utf8)
        ).header
        let read = MSSanteHeaders(reading: header)
        #expect(read == MSSanteHeaders(softwareNumber: nil, hasQualifiedINS: true, cdaCodes: ["34112-3", "11490-0"]))
    }

    @Test("Référentiel §4.3: patients are told from professionals, with the INS of their address")
    func correspondents() throws {
        #expect(
            Correspondent(Mailbox(address: "\(Fixture.ins)@patient.mssante.fr"))
                == .patient(try INSMatricule(Fixture.ins)))
        #expect(Correspondent(Mailbox(address: "123@PATIENT.mssante.fr")) == .patient(nil))
        #expect(Correspondent(Mailbox(address: "\(Fixture.ins)@autre.mssante.fr")) == .professional)
        #expect(Correspondent(Mailbox(address: "pas une adresse")) == .professional)
    }

    // MARK: Subjects

    @Test(
        "Structured subjects are read and made readable",
        arguments: [
            (
                "XDM/1.0/DDM+CR d'examens biologiques VIAL Paul 26/11/1978", "CR d'examens biologiques", "VIAL", "Paul",
                "CR d'examens biologiques – VIAL Paul (26/11/1978)"
            ),
            (
                "XDM/1.0/DDM+2 documents LE GOFF Anne Marie 01/02/2003", "2 documents", "LE GOFF", "Anne Marie",
                "2 documents – LE GOFF Anne Marie (01/02/2003)"
            ),
            (
                "XDM/1.0/DDM+ECHOGRAPHIE ABDOMINOPELVIENNE CORSE FIGATELLIX 12/10/1988",
                "ECHOGRAPHIE ABDOMINOPELVIENNE", "CORSE", "FIGATELLIX",
                "ECHOGRAPHIE ABDOMINOPELVIENNE – CORSE FIGATELLIX (12/10/1988)"
            ),
            (
                "RE: xdm/1.0/ddm+CR de consultation VIAL Paul", "CR de consultation", "VIAL", "Paul",
                "RE: CR de consultation – VIAL Paul"
            ),
            ("XDM/1.0/DDM+compte rendu", "compte rendu", "", "", "compte rendu"), ("XDM/1.0/DDM+", "", "", "", ""),
        ])
    func subjects(text: String, label: String, family: String, given: String, readable: String) throws {
        let subject = try #require(StructuredSubject(parsing: text))
        #expect([subject.label, subject.birthName, subject.firstName] == [label, family, given])
        #expect(StructuredSubject.readable(text) == readable)
    }

    @Test("A subject is built without accents in the name, its label cut to 40 characters, on one line")
    func building() {
        let subject = StructuredSubject(
            label: "Lettre de liaison à la sortie d'un établissement", birthName: "Bérénice-Œuvré",
            firstName: "Zoë\r\nBcc: x", birthDate: "26/11/1978")
        #expect(
            subject.text == "XDM/1.0/DDM+Lettre de liaison à la sortie d'un établ BERENICE-OEUVRE Zoe Bcc: x 26/11/1978"
        )
        #expect(StructuredSubject.readable("Bonjour docteur") == "Bonjour docteur")
    }

    @Test("Processing reports are written and recognised", arguments: ProcessingReport.Cause.allCases)
    func reports(cause: ProcessingReport.Cause) throws {
        let subject = StructuredSubject(label: "CR", birthName: "VIAL", firstName: "Paul", birthDate: "26/11/1978")
        let report = ProcessingReport(cause: cause, subject: subject)
        #expect(report.text == "[KO Intégration système !][\(cause.rawValue)] XDM/1.0/DDM+CR VIAL Paul 26/11/1978")
        #expect(ProcessingReport(subject: report.text) == report)
        #expect(ProcessingReport(errorText: report.errorText)?.cause == cause)
        #expect(
            StructuredSubject.readable(report.text)
                == "Échec d'intégration (\(cause.rawValue)) : CR – VIAL Paul (26/11/1978)")
    }

    @Test("Variants of the mark are recognised, other subjects are not")
    func variants() {
        #expect(ProcessingReport(subject: "RE: [ko integration systeme ! ] XDM/1.0/DDM+CR VIAL Paul")?.code == 906)
        #expect(
            ProcessingReport(subject: "[KO  Intégration\tsystème!] [902]XDM/1.0/DDM+CR VIAL Paul")?.cause
                == .unknownPatient)
        for text in [
            "KO Intégration système", "[KO Intégration système !][abc]", "[KO Intégration système non][902]", "",
        ] {
            #expect(ProcessingReport(subject: text) == nil)
        }
    }

    // MARK: Messages

    private static let doctor = Mailbox(name: "Dr Marcel Camparini", address: "marcel.camparini@labo.mssante.fr")
    private static let producer = StructuredMessage.Producer(
        softwareNumber: "S01-2.4", oid: "1.2.250.1.999.9", name: "Logiciel S01")

    private func message(to: [String] = ["jeanne.martin@cabinet.mssante.fr"]) throws -> StructuredMessage {
        var message = StructuredMessage(
            from: Self.doctor, to: to.map { Mailbox(address: $0) }, text: "Veuillez trouver le compte rendu.",
            producer: Self.producer)
        message.html = "<p>Veuillez trouver le compte rendu.</p>"
        try message.add(cda: Fixture.CDA().bytes, pdf: Fixture.pdf)
        return message
    }

    @Test("A composed message carries one XDM, its PDF, every field, and opens again")
    func composing() throws {
        let composed = try message().compose(options: Fixture.options, random: SteadyRandom())
        var writer = try MessageWriter(composed.message, options: Fixture.options)
        let bytes = try writer.bytes()
        #expect(bytes.count == composed.size)
        let read = Message(bytes)
        #expect(read.header.subject == "XDM/1.0/DDM+CR d'examens biologiques PAT-TROIS DOMINIQUE 28/03/1979")
        #expect(
            MSSanteHeaders(reading: read.header)
                == MSSanteHeaders(softwareNumber: "S01-2.4", hasQualifiedINS: true, cdaCodes: ["11502-2"]))
        #expect(read.header.addresses("Disposition-Notification-To").mailboxes.map(\.address) == [Self.doctor.address])
        let content = try read.structuredContent()
        #expect(content.archive.documents[0].bytes == Fixture.CDA().bytes && content.hasPDFForEachDocument)
        #expect(read.content(of: read.parts[content.pdfParts[0]]) == Fixture.pdf)
        #expect(ReceivedNotice(read).kind == .ordinary)
        let output = try python(
            """
            import sys, email, email.policy, io, zipfile
            m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)
            assert not m.defects
            print(m.get_content_type(), [(p.get_filename(), p.get_content_type()) for p in m.iter_attachments()], m['X-MSS-NIL'], m['X-MSS-INS'], m['X-MSS-CODECDA'])
            z = zipfile.ZipFile(io.BytesIO(list(m.iter_attachments())[0].get_content())); assert z.testzip() is None
            """, bytes)
        #expect(
            output
                == "multipart/mixed [('IHE_XDM.zip', 'application/zip'), (\"20260104_CR d'examens biologiques_1.pdf\", 'application/pdf')] S01-2.4 O 11502-2\n"
        )
    }

    @Test("Several documents give a counted subject, their codes once each, INS N when one lacks a trait")
    func several() throws {
        var message = try message()
        var second = Fixture.CDA()
        (second.id, second.gender) = ("1.2.250.1.999.1.2", "U")
        try message.add(cda: second.bytes, documentClass: .summary, pdf: Fixture.pdf, pdfName: "../../x:y.PDF")
        let composed = try message.compose(options: Fixture.options)
        #expect(composed.subject.label == "2 documents")
        #expect(composed.headers.cdaCodes == ["11502-2"] && composed.headers.hasQualifiedINS == false)
    }

    @Test("Checks: recipients, patient, FIN, PDF, size, archive")
    func checks() throws {
        #expect(throws: StructuredMessageFailure.noRecipient) { try message(to: []).compose() }
        let many = (0...40).map { "m\($0)@cabinet.mssante.fr" }
        #expect(throws: StructuredMessageFailure.tooManyRecipients(41)) { try message(to: many).compose() }
        #expect(throws: StructuredMessageFailure.otherPatient) {
            try message(to: ["\(Fixture.otherINS)@patient.mssante.fr"]).compose()
        }
        var ending = try message()
        ending.endsPatientExchange = true
        #expect(throws: StructuredMessageFailure.endWithoutPatient) { try ending.compose() }
        ending.to = [Mailbox(address: "\(Fixture.ins)@patient.mssante.fr")]
        #expect(try ending.compose().headers.endsPatientExchange)
        var small = try message()
        small.maximumSize = 5_000
        #expect(throws: StructuredMessageFailure.self) { try small.compose() }
        var empty = StructuredMessage(from: Self.doctor, to: [Self.doctor], text: "", producer: Self.producer)
        #expect(throws: XDMFailure.noDocument) { try empty.compose() }
        #expect(throws: StructuredMessageFailure.notPDF(1)) { try empty.add(cda: Fixture.CDA().bytes, pdf: [1, 2, 3]) }
    }

    @Test("EX_GBM_4410: by default a message stays within the 10 MB that every operator takes")
    func size() throws {
        var message = StructuredMessage(
            from: Self.doctor, to: [Mailbox(address: "a@b.mssante.fr")], text: "", producer: Self.producer)
        try message.add(cda: Fixture.CDA().bytes, pdf: Fixture.pdf + [UInt8](repeating: 0x20, count: 8_000_000))
        do {
            _ = try message.compose()
            Issue.record("too large a message was composed")
        } catch let failure as StructuredMessageFailure { #expect(failure.requirement == "EX_GBM_4410") }
    }

    @Test("Référentiel §4.7: two archives in one message are refused, one inside a forwarded message is not this one's")
    func archives() throws {
        let zip = OutgoingPart.attachment(
            "ihe_xdm.ZIP", type: ContentType("application", "zip"), ContentSource(try Fixture.archive()))
        func opened(_ parts: [OutgoingPart]) throws -> StructuredContent {
            let message = OutgoingMessage(
                from: Self.doctor, to: [Self.doctor], subject: nil, content: .mixed(.text("x"), attachments: parts))
            var writer = try MessageWriter(message, options: Fixture.options)
            return try Message(try writer.bytes()).structuredContent()
        }
        #expect(try opened([zip]).hasPDFForEachDocument == false)
        #expect(throws: StructuredMessageFailure.severalArchives) { try opened([zip, zip]) }
        var writer = try MessageWriter(message().compose(options: Fixture.options).message, options: Fixture.options)
        let forwarded = OutgoingPart.message(try writer.bytes())
        #expect(throws: StructuredMessageFailure.noArchive) { try opened([forwarded]) }
    }
}
