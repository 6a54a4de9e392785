import Glibc
import MSSTestKit
import Testing

@testable import MSSStore

/// The memory of this process as a file: what is mapped behind the end of a file fails with EIO, as a bad sector does.
@Suite("Files on a disk that fails to read")
struct UnreadableFileTests {
    private static let page = 4096

    /// Pages of which some are gone: each of the others holds its number.
    private static func withPages(_ count: Int, gone: Set<Int>, _ body: (Int) throws -> Void) throws {
        let start = try #require(
            mmap(nil, count * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
        for number in 0..<count { memset(start + number * page, Int32(number + 1), page) }
        defer { munmap(start, count * page) }
        let path = try TestFiles.temporaryDirectory() + "/vide"
        let empty = open(path, O_RDONLY | O_CREAT, 0o600)
        defer {
            close(empty)
            unlink(path)
        }
        #expect(empty >= 0)
        for number in gone {
            let place = mmap(start + number * page, page, PROT_READ, MAP_SHARED | MAP_FIXED, empty, 0)
            #expect(place == start + number * page)
        }
        try body(Int(bitPattern: start))
    }

    @Test(
        "For salvage a block that cannot be read is zeros, and all around it is read, wherever reading begins and ends",
        arguments: [[], [0], [3], [9], [0, 1, 2], [2, 5, 6], [7, 8, 9], Set(0..<10)] as [Set<Int>])
    func zeros(gone: Set<Int>) throws {
        try Self.withPages(10, gone: gone) { start in
            for (first, count) in [(0, 10 * Self.page), (100, 9 * Self.page), (Self.page - 1, 2), (5 * Self.page, 1)] {
                var expected = [UInt8](repeating: 0, count: count)
                for index in 0..<count {
                    let number = (first + index) / Self.page
                    expected[index] = gone.contains(number) ? 0 : UInt8(number + 1)
                }
                let bytes = try File("/proc/self/mem", .read, zeroesUnreadable: true).read(count, at: start + first)
                #expect(bytes == expected, "\(first) \(count)")
            }
        }
    }

    @Test("Otherwise it is an error: nothing is taken for zeros that was not read")
    func error() throws {
        try Self.withPages(3, gone: [1]) { start in
            let file = try File("/proc/self/mem", .read)
            #expect(try file.read(Self.page, at: start) == [UInt8](repeating: 1, count: Self.page))
            #expect(throws: StoreError.system(operation: "read", path: "/proc/self/mem", code: EIO)) {
                try file.read(2 * Self.page, at: start)
            }
        }
    }
}
