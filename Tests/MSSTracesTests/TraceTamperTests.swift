import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import Testing

@testable import MSSTraces

/// What somebody who may write the folder does to it.
@Suite struct TraceTamperTests {
    /// Two sealed segments of ten records and five unsealed records.
    private static func filled() async throws -> TestStore {
        let test = try TestStore()
        let store = try await test.open()
        for segment in 0..<2 {
            try await store.record((1...10).map { received(segment * 10 + $0) })
            try await store.seal()
        }
        try await store.record((21...25).map { received($0) })
        try await store.close()
        #expect(try await test.verify().findings == [])
        return test
    }

    /// The records of a segment, each with its bytes.
    private static func records(_ bytes: [UInt8]) throws -> [Range<Int>] {
        try bytes.withUnsafeBytes { bytes in
            var scan = try SegmentScan(bytes)
            var ranges: [Range<Int>] = []
            while let view = try scan.record(bytes) { ranges.append(view.range) }
            return ranges
        }
    }

    /// Changes one byte of a record's content and makes its checksum right again.
    private static func forge(_ bytes: inout [UInt8], _ range: Range<Int>) {
        bytes[range.upperBound - 5] ^= 1
        let body = Array(bytes[(range.lowerBound + 8)..<range.upperBound])
        let crc = body.withUnsafeBytes { RecordFormat.crc32($0) }
        withUnsafeBytes(of: crc.littleEndian) {
            bytes.replaceSubrange(range.lowerBound + 4..<range.lowerBound + 8, with: $0)
        }
    }

    private func tampered(
        _ name: String, _ change: (inout [UInt8], [Range<Int>]) throws -> Void
    ) async throws -> (TestStore, [TraceFinding]) {
        let test = try await TraceTamperTests.filled()
        let path = test.path(.functional, name)
        var bytes = try TestFiles.read(path)
        try change(&bytes, TraceTamperTests.records(bytes))
        try TestFiles.write(bytes, to: path)
        return (test, try await test.verify().findings)
    }

    @Test("EX_GDT_5010: an edited byte is found, and the record named")
    func editedByte() async throws {
        let (test, findings) = try await tampered("0000000001.segment") { $0[$1[3].lowerBound + 80] ^= 1 }
        defer { test.remove() }
        #expect(findings == [.damaged(.functional, segment: 1, sequence: 4)])
    }

    @Test("An edit with a right checksum is found, and the record named")
    func forgedRecord() async throws {
        let (test, findings) = try await tampered("0000000001.segment") { TraceTamperTests.forge(&$0, $1[3]) }
        defer { test.remove() }
        #expect(findings == [.altered(.functional, sequence: 4)])
    }

    @Test("An edit of the last sealed record, which no record follows, is found by the seal")
    func forgedLastRecord() async throws {
        let (test, findings) = try await tampered("0000000001.segment") { TraceTamperTests.forge(&$0, $1[9]) }
        defer { test.remove() }
        #expect(findings == [.sealedOtherwise(.functional, segment: 1)])
    }

    @Test("A deleted record is found, and named")
    func deletedRecord() async throws {
        let (test, findings) = try await tampered("0000000001.segment") { $0.removeSubrange($1[4]) }
        defer { test.remove() }
        #expect(findings == [.gap(.functional, expected: 5, found: 6)])
    }

    @Test("Records in another order are found")
    func reordered() async throws {
        let (test, findings) = try await tampered("0000000002.segment") { bytes, ranges in
            let (left, right) = (Array(bytes[ranges[2]]), Array(bytes[ranges[3]]))
            bytes.replaceSubrange(ranges[2].lowerBound..<ranges[3].upperBound, with: right + left)
        }
        defer { test.remove() }
        #expect(findings == [.gap(.functional, expected: 13, found: 14)])
    }

    @Test("A sealed segment cut at its end is found by its seal")
    func truncatedSealed() async throws {
        let (test, findings) = try await tampered("0000000002.segment") { $0.removeSubrange($1[8].lowerBound...) }
        defer { test.remove() }
        #expect(findings == [.sealedOtherwise(.functional, segment: 2)])
    }

    @Test("The open segment cut at its end is found by the head, and the store refuses to go on from there")
    func truncatedOpen() async throws {
        let (test, findings) = try await tampered("0000000003.segment") { $0.removeSubrange($1[3].lowerBound...) }
        defer { test.remove() }
        #expect(findings == [.truncated(.functional, lastFound: 23, lastKnown: 25)])
        await #expect(throws: TraceError.truncated(.functional, lastFound: 23, lastKnown: 25)) { try await test.open() }
    }

    @Test("The open segment cut, and the store's own head made to agree, is found by the anchor")
    func truncatedWithHead() async throws {
        let test = try await TraceTamperTests.filled()
        defer { test.remove() }
        let path = test.path(.functional, "0000000003.segment")
        var bytes = try TestFiles.read(path)
        let ranges = try TraceTamperTests.records(bytes)
        let head = try bytes.withUnsafeBytes { bytes in
            var scan = try SegmentScan(bytes)
            for _ in 0..<3 { _ = try scan.record(bytes) }
            return TraceHead(
                store: scan.header.store.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined(),
                family: .functional, sequence: 23, digest: scan.head)
        }
        bytes.removeSubrange(ranges[3].lowerBound...)
        try TestFiles.write(bytes, to: path)
        try TestFiles.write(head.text, to: test.path(.functional, "head"))
        #expect(try await test.verify(anchored: false).findings == [])
        #expect(try await test.verify().findings == [.truncated(.functional, lastFound: 23, lastKnown: 25)])
        await #expect(throws: TraceError.truncated(.functional, lastFound: 23, lastKnown: 25)) { try await test.open() }
    }

    @Test("Unsealed records rewritten with a chain that holds are found by the anchor")
    func rewrittenOpen() async throws {
        let test = try await TraceTamperTests.filled()
        defer { test.remove() }
        // The forger writes other records in the same place with the library itself.
        try FileManager.default.removeItem(atPath: test.path(.functional, "0000000003.segment"))
        try FileManager.default.removeItem(atPath: test.path(.functional, "head"))
        let forger = try await TraceStore.open(
            test.root, signer: try TestStore.signer(),
            configuration: TraceConfiguration(
                recovery: .acceptLoss(by: TracePerson(identifier: "mallory"), reason: "?")))
        try await forger.record((31...35).map { received($0) })
        try await forger.close()
        #expect(try await test.verify(anchored: false).isSound)
        #expect(try await test.verify().findings == [.rewritten(.functional, sequence: 25)])
        await #expect(throws: TraceError.rewritten(.functional, sequence: 25)) { try await test.open() }
    }

    @Test("Damage under the head: the store refuses to open, names it, and an accepted loss is traced and kept aside")
    func acceptedLoss() async throws {
        let (test, _) = try await tampered("0000000003.segment") { $0[$1[2].lowerBound + 80] ^= 1 }
        defer { test.remove() }
        let path = test.path(.functional, "0000000003.segment")
        await #expect(throws: TraceError.damaged(.functional, sequence: 23, path: path)) { try await test.open() }
        let person = TracePerson(identifier: "admin-7", name: "Anne Bertin")
        let store = try await test.open { $0.recovery = .acceptLoss(by: person, reason: "disque remplacé") }
        #expect(test.notices.all.contains(.lossAccepted(.functional, after: 22)))
        let page = try await store.reader.search(TraceQuery(action: .acceptLoss), auditor)
        #expect(page.records.first?.event.author == .administrator(person))
        #expect(page.records.first?.event.request?.text == "disque remplacé")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: test.root + "/functional")
                .contains { $0.hasPrefix("set-aside-") })
        try await store.close()
    }

    @Test("A deleted segment is found")
    func deletedSegment() async throws {
        let test = try await TraceTamperTests.filled()
        defer { test.remove() }
        try FileManager.default.removeItem(atPath: test.path(.functional, "0000000001.segment"))
        #expect(try await test.verify().findings == [.segmentMissing(.functional, segment: 1)])
    }

    @Test(
        "A deleted seal, a seal with another text, and another signature are found", arguments: ["seal", "signature"])
    func seals(kind: String) async throws {
        let test = try await TraceTamperTests.filled()
        defer { test.remove() }
        let path = test.path(.functional, "0000000001.\(kind)")
        var bytes = try TestFiles.read(path)
        bytes[bytes.count - 2] ^= 1
        try TestFiles.write(bytes, to: path)
        #expect(
            try await test.verify().findings.contains { if case .seal(.functional, 1, _) = $0 { true } else { false } })
        try FileManager.default.removeItem(atPath: path)
        #expect(try await test.verify().findings.contains(.seal(.functional, segment: 1, .missing)))
    }

    @Test("A seal by a key that the verifier does not know is found")
    func foreignKey() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let other = try TestPKI.foreign.issue(.seal(commonName: "Autre"), strength: .fresh)
        let store = try await TraceStore.open(
            test.root, signer: try TestStore.signer(other), configuration: test.configuration())
        try await store.record(received(1))
        try await store.seal()
        try await store.close()
        #expect(try await test.verify().findings == [.seal(.functional, segment: 1, .unknownCertificate)])
    }

    @Test("A whole journal taken from another store is found")
    func otherStore() async throws {
        let (test, other) = (try await TraceTamperTests.filled(), try await TraceTamperTests.filled())
        defer {
            test.remove()
            other.remove()
        }
        try FileManager.default.removeItem(atPath: test.root + "/functional")
        try FileManager.default.copyItem(atPath: other.root + "/functional", toPath: test.root + "/functional")
        #expect(try await test.verify().isSound == false)
    }

    @Test("Any single bit changed anywhere in the evidence is found")
    func everyBit() async throws {
        let test = try TestStore()
        defer { test.remove() }
        let store = try await test.open()
        try await store.record((1...2).map { received($0) })
        try await store.seal()
        try await store.record(received(3))
        try await store.close()
        for name in ["0000000001.segment", "0000000002.segment", "0000000001.seal", "0000000001.signature", "head"] {
            let path = test.path(.functional, name)
            let bytes = try TestFiles.read(path)
            for index in stride(from: 0, to: bytes.count, by: 7) {
                var changed = bytes
                changed[index] ^= 1 << UInt8(index % 8)
                try TestFiles.write(changed, to: path)
                let found = try await test.verify().isSound == false
                #expect(found, "\(name) byte \(index)")
            }
            try TestFiles.write(bytes, to: path)
        }
        #expect(try await test.verify().findings == [])
    }
}
