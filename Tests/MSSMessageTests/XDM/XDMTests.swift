import MSSCore
import MSSMessage
import MSSTestKit
import MSSZIP
import Testing

@Suite("IHE XDM")
struct XDMTests {
    private static let second: Fixture.CDA = {
        var cda = Fixture.CDA()
        (cda.id, cda.code, cda.displayName) = (
            "1.2.250.1.999.1.2", "11490-0", "Lettre de liaison à la sortie d'un établissement"
        )
        return cda
    }()

    @Test("What is built opens, with every fact of the metadata deduced from the CDA header")
    func roundTrip() throws {
        let bytes = try Fixture.archive([Fixture.CDA(), Self.second])
        let archive = try XDMArchive(opening: bytes)
        #expect(archive.irregularities.isEmpty && archive.documents.count == 2)
        #expect(archive.documents.map(\.bytes) == [Fixture.CDA().bytes, Self.second.bytes])
        let entry = archive.documents[0].entry
        #expect(entry.uri == "DOC00001.XML" && entry.mimeType == "text/xml" && entry.languageCode == "fr-FR")
        #expect(entry.size == Fixture.CDA().bytes.count && entry.hash?.count == 40)
        #expect(entry.creationTime == "20260104150527" && entry.serviceStartTime == "20260104063500")
        #expect(entry.uniqueID == "1.2.250.1.999.1.1" && entry.entryUUID.hasPrefix("urn:uuid:"))
        #expect(entry.typeCode?.code == "11502-2" && entry.typeCode?.system == CodedValue.loinc)
        #expect(
            entry.classCode == CodedValue.DocumentClass.report.coded
                && entry.formatCode?.code == "urn:ihe:lab:xd-lab:2008")
        #expect(entry.confidentialityCodes.map(\.code) == ["N"] && entry.eventCodes.map(\.code) == ["252275004"])
        #expect(entry.facilityType?.code == "SA07" && entry.practiceSetting?.code == "ETABLISSEMENT")
        #expect(entry.patientID == InstanceIdentifier(root: "1.2.250.1.213.1.4.10", extension: Fixture.ins))
        #expect(entry.sourcePatientID?.root == "1.2.3.4.567.8.9.10")
        #expect(
            entry.sourcePatientInfo == [
                "PID-5|PAT-TROIS^DOMINIQUE^^^^^L", "PID-5|DUPONT^DOMINIQUE^^^^^D", "PID-7|19790328", "PID-8|F",
            ])
        #expect(entry.authors.first?.person == "801234534765^CAMPARINI^Marcel^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS")
        #expect(
            entry.authors.first?.institutions == [
                "Laboratoire des charmes \\T\\ Cie^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1120459876"
            ])
        #expect(entry.legalAuthenticator?.contains("CAMPARINI") == true)
        let set = archive.metadata.submissionSet
        #expect(
            set.title == "2 documents" && set.sourceID == "1.2.250.1.999.9" && set.submissionTime == "20261121093000")
        #expect(set.uniqueID.hasPrefix("2.25.") && set.patientID == entry.patientID && set.authors.count == 1)
        #expect(archive.patient?.birthName == "PAT-TROIS")
    }

    @Test("The archive is the one of ITI-32: names, structure, and readable by Python's zipfile and XML parser")
    func layout() throws {
        let bytes = try Fixture.archive()
        #expect(
            try ZIPReader(bytes: bytes).entries.map(\.name) == [
                "INDEX.HTM", "README.TXT", "IHE_XDM/SUBSET01/METADATA.XML", "IHE_XDM/SUBSET01/DOC00001.XML",
            ])
        let output = try python(
            """
            import zipfile, sys, hashlib, xml.etree.ElementTree as E
            z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None
            r = '{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}'
            m = E.fromstring(z.read('IHE_XDM/SUBSET01/METADATA.XML'))
            assert m.tag == '{urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0}SubmitObjectsRequest'
            o = m.find(r + 'RegistryObjectList/' + r + 'ExtrinsicObject')
            slots = {s.get('name'): s.find(r + 'ValueList/' + r + 'Value').text for s in o.findall(r + 'Slot')}
            doc = z.read('IHE_XDM/SUBSET01/' + slots['URI'])
            assert slots['hash'] == hashlib.sha1(doc).hexdigest() and slots['size'] == str(len(doc))
            a = m.find(r + 'RegistryObjectList/' + r + 'Association')
            assert a.get('targetObject') == o.get('id')
            h = E.fromstring(z.read('INDEX.HTM')); z.read('README.TXT').decode('ascii')
            print([x.get('href') for x in h.iter('{http://www.w3.org/1999/xhtml}a')])
            """, bytes)
        #expect(output == "['IHE_XDM/SUBSET01/DOC00001.XML', 'README.TXT']\n")
    }

    @Test("Equal content and random numbers give equal bytes")
    func deterministic() throws { #expect(try Fixture.archive() == Fixture.archive()) }

    @Test("Référentiel §4.7: documents of two patients do not go into one archive, nor out of one")
    func onePatient() throws {
        var other = Self.second
        other.ins = Fixture.otherINS
        var builder = try XDMBuilder(sourceID: "1.2", producer: "p", submissionTime: Fixture.time)
        try builder.add(cda: Fixture.CDA().bytes)
        #expect(throws: XDMFailure.severalPatients) { try builder.add(cda: other.bytes) }
        #expect(throws: XDMFailure.duplicateDocument(2)) { try builder.add(cda: Fixture.CDA().bytes) }
        var nobody = Self.second
        (nobody.ins, nobody.localID) = ("", nil)
        #expect(throws: XDMFailure.noPatient(2)) { try builder.add(cda: nobody.bytes) }
        // The second document's metadata and content replaced by another patient's, hashes right.
        let forged = try rebuilt(Fixture.archive([Fixture.CDA(), Self.second])) { metadata, files in
            files["IHE_XDM/SUBSET01/DOC00002.XML"] = other.bytes
            metadata.documents[1] = XDSDocumentEntry(
                cda: try CDAHeader(reading: other.bytes), document: other.bytes, uri: "DOC00002.XML",
                documentClass: .report,
                entryUUID: metadata.documents[1].entryUUID)
        }
        #expect(throws: XDMFailure.severalPatients) { try XDMArchive(opening: forged) }
        // The same with metadata that claim the first patient: the content tells.
        let hidden = try rebuilt(forged) { metadata, _ in
            metadata.documents[1].patientID = metadata.documents[0].patientID
        }
        #expect(throws: XDMFailure.severalPatients) { try XDMArchive(opening: hidden) }
    }

    @Test("Altered, missing and mislabelled documents are refused")
    func alterations() throws {
        let good = try Fixture.archive()
        func altered(_ change: (inout XDSMetadata, inout [String: [UInt8]]) throws -> Void) throws -> XDMFailure? {
            do {
                _ = try XDMArchive(opening: rebuilt(good, change))
                return nil
            } catch { return error as? XDMFailure }
        }
        let path = "IHE_XDM/SUBSET01/DOC00001.XML"
        #expect(try altered { _, _ in } == nil)
        #expect(try altered { $1[path]![500] ^= 1 } == .hashMismatch(1))
        #expect(try altered { $1[path]!.append(0x20) } == .sizeMismatch(1))
        #expect(try altered { $1[path] = nil } == .documentMissing(1))
        #expect(try altered { metadata, _ in metadata.documents[0].uri = "../../README.TXT" } == .documentMissing(1))
        #expect(
            try altered { metadata, _ in metadata.documents[0].uniqueID = "1.2.3" } == .metadataDisagrees(1, "uniqueId")
        )
        #expect(
            try altered { metadata, _ in metadata.documents[0].typeCode?.code = "1-1" }
                == .metadataDisagrees(1, "typeCode"))
        #expect(try altered { metadata, _ in metadata.documents = [] } == .metadata("ExtrinsicObject"))
        #expect(try altered { $1["IHE_XDM/SUBSET02/METADATA.XML"] = try $0.xml() } == .severalSubmissionSets)
        #expect(throws: XDMFailure.notXDM) { try XDMArchive(opening: ZIPWriter().finish().bytes) }
    }

    @Test("What others leave out is told, and read past")
    func irregular() throws {
        let bytes = try rebuilt(Fixture.archive()) { metadata, files in
            files["INDEX.HTM"] = nil
            metadata.documents[0].hash = nil
            metadata.documents[0].mimeType = "application/xml"
            files["IHE_XDM/SUBSET01/DOC00001.XML"] = Array("<autre/>".utf8)
            metadata.documents[0].size = 8
        }
        let archive = try XDMArchive(opening: bytes)
        #expect(archive.irregularities == [.missingFile("INDEX.HTM"), .unchecked(1), .unreadableCDA(1)])
        #expect(archive.documents[0].header == nil && archive.patient == nil)
    }

    @Test("An archive of a few kilobytes that expands beyond the budget is stopped")
    func bomb() throws {
        let bytes = try rebuilt(Fixture.archive()) { _, files in
            files["IHE_XDM/SUBSET01/BOMB.XML"] = [UInt8](repeating: 0x20, count: 8 << 20)
        }
        #expect(throws: ZIPError.self) { try XDMArchive(opening: bytes) }
    }

    /// The archive with its metadata and files changed.
    private func rebuilt(
        _ archive: [UInt8], _ change: (inout XDSMetadata, inout [String: [UInt8]]) throws -> Void
    ) throws -> [UInt8] {
        let reader = try ZIPReader(bytes: archive)
        var files: [String: [UInt8]] = [:]
        for entry in reader.entries { files[entry.name] = try reader.bytes(of: entry) }
        var metadata = try XDSMetadata(reading: files["IHE_XDM/SUBSET01/METADATA.XML"]!)
        try change(&metadata, &files)
        files["IHE_XDM/SUBSET01/METADATA.XML"] = try metadata.xml()
        let writer = ZIPWriter()
        for name in files.keys.sorted() { try writer.add(name, files[name]!) }
        return try writer.finish().bytes
    }
}
