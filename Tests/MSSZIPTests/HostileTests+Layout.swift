import MSSZIP
import Testing

/// Where the parts of an archive stand.
extension HostileTests {
    // MARK: Layout

    @Test("Two directory records on one local header overlap")
    func overlap() throws {
        var forgery = try Forgery([("aa", noise(100)), ("bb", noise(100))])
        forgery.put(UInt32(0), at: forgery.centrals[1] + 42)
        #expect(refusal(forgery.bytes) == .overlappingEntries)
    }

    @Test("An entry whose data runs into the next overlaps (quoted headers, D. Fifield 2019)")
    func quotedHeaders() throws {
        var forgery = try Forgery([("aa", noise(100)), ("bb", noise(100))])
        let longer = UInt32(100 + 32 + 100)
        for offset in [
            forgery.centrals[0] + 20, forgery.centrals[0] + 24, forgery.locals[0] + 18, forgery.locals[0] + 22,
        ] {
            forgery.put(longer, at: offset)
        }
        #expect(refusal(forgery.bytes) == .overlappingEntries)
    }

    @Test("Bytes before, between and after the entries are refused")
    func unlisted() throws {
        let good = try Forgery([("aa", [1, 2, 3]), ("bb", [4])])
        #expect(refusal([0x4D, 0x5A] + good.bytes) == .unlistedBytes, "a program in front")
        #expect(refusal(good.bytes + [0]) == .noEndRecord, "something behind")

        var gap = good
        let directory = gap.centrals[0]
        gap.bytes.insert(contentsOf: [9, 9, 9], at: directory)
        gap.put(UInt32(directory + 3), at: gap.end + 16)
        #expect(refusal(gap.bytes) == .unlistedBytes)

        var hidden = good  // the directory forgets the second file
        let second = hidden.centrals[1]
        let length = hidden.end - second
        hidden.bytes.removeSubrange(second..<hidden.end)
        for field in [8, 10] { hidden.put(UInt16(1), at: hidden.end + field) }
        hidden.put(UInt32(hidden.end - hidden.centrals[0]), at: hidden.end + 12)
        #expect(length == 48)
        #expect(refusal(hidden.bytes) == .unlistedBytes)
    }

    @Test("A second end record inside the comment of the first is refused")
    func commentGame() throws {
        let inner = try Forgery([("inner", [1])]).bytes
        var outer = try Forgery([("outer", [2])])
        outer.put(UInt16(inner.count), at: outer.end + 20)
        #expect(refusal(outer.bytes + inner) == .ambiguousEndRecord)
        // An honest comment is read over.
        var honest = try Forgery([("outer", [2])])
        honest.put(UInt16(4), at: honest.end + 20)
        #expect(refusal(honest.bytes + Array("note".utf8)) == nil)
        // A comment length that lies.
        honest.put(UInt16(40), at: honest.end + 20)
        #expect(refusal(honest.bytes + Array("note".utf8)) == .noEndRecord)
    }

    @Test("An archive of several disks is refused")
    func disks() throws {
        var forgery = try Forgery([("a", [1])])
        forgery.put(UInt16(1), at: forgery.end + 4)
        #expect(refusal(forgery.bytes) == .multipleDisks)
    }
}
