import MSSCore
import MSSSMTP
import MSSTestKit
import Testing

@testable import MSSStore

@Suite("Segments of several sizes in one spool")
struct SpoolSizeTests {
    private func configuration(_ size: Int, limit: Int? = nil) -> SpoolConfiguration {
        var configuration = TestFolder.small()
        configuration.segmentSize = size
        configuration.diskLimit = limit
        return configuration
    }

    private func size(_ folder: TestFolder) throws -> Int {
        try Folder.names(folder.spool).filter { $0.hasPrefix("0") }
            .reduce(0) { try $0 + File("\(folder.spool)/\($1)", .read).size() }
    }

    private func fill(_ spool: Spool, _ numbers: Range<Int>) async throws {
        for number in numbers {
            _ = try await spool.enqueue(
                .to("b@d.test", body: noise(9000, seed: UInt64(number)), id: "m\(number)"), at: start)
        }
    }

    /// Delivers everything, comparing every octet. Returns how many.
    private func drain(_ spool: Spool) async throws -> Int {
        var count = 0
        while let job = try await spool.lease(request(limit: 1)).first {
            let number = try #require(UInt64(job.id.rawValue.dropFirst()))
            #expect(try await job.message.content.bytes() == noise(9000, seed: number))
            try await spool.settle(job, DeliverySettlement(delivered: [address("b@d.test")]), at: start)
            count += 1
        }
        return count
    }

    @Test("what was written in large segments is read and delivered where small ones are set, and the other way round")
    func changed() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        var spool = try await folder.open(configuration(256 << 10))
        try await fill(spool, 0..<40)
        await spool.close()
        spool = try await folder.open(configuration(64 << 10))
        try await fill(spool, 40..<60)
        await spool.close()
        spool = try await folder.open(configuration(1 << 20))
        #expect(spool.count == 60)
        #expect(try await drain(spool) == 60)
        await spool.close()
        spool = try await folder.open(configuration(64 << 10))
        #expect(spool.count == 0)
        await spool.close()
        // Files of a size that is no longer set do not pile up: what was written last, one segment and its spares.
        #expect(try size(folder) <= (1 << 20) + 4 * (64 << 10))
    }

    @Test("a disk without room for a segment keeps no spool from opening: what waits is delivered, and makes room")
    func fullAtTheStart() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let first = try await folder.open(configuration(256 << 10))
        try await fill(first, 0..<60)
        await first.close()
        // Room for a segment of 64 KiB where one of 1 MiB is set.
        let limit = try size(folder)
        let spool = try await folder.open(configuration(1 << 20, limit: limit))
        #expect(spool.count == 60)
        var taken = 60
        await #expect(throws: StoreError.diskFull(path: folder.spool)) {
            while taken < 200 {
                try await fill(spool, taken..<taken + 1)
                taken += 1
            }
        }
        #expect(try size(folder) <= limit)
        #expect(try await drain(spool) == taken)
        await spool.close()
        let again = try await folder.open(configuration(64 << 10, limit: limit))
        try await fill(again, 500..<501)
        #expect(try await drain(again) == 1)
        await again.close()
    }

    @Test("what a crash left of a file that was being prepared is removed with the next start")
    func unfinished() async throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        try await folder.openMail().close()
        try TestFiles.write([1, 2, 3], to: folder.mail + "/volumes/0000000099.free.new")
        let mail = try await folder.openMail()
        #expect(try Folder.names(folder.mail + "/volumes").allSatisfy { !$0.hasSuffix(".new") })
        await mail.close()
    }
}
