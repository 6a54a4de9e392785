import MSSZIP
import Testing

@Suite("ZIP: hostile archives")
struct HostileTests {
    // MARK: Bombs

    @Test("A bomb is refused by what it declares")
    func declaredBomb() throws {
        let zeros = [UInt8](repeating: 0, count: 8 << 20)
        let bomb = try Forgery([("zeros", zeros)], method: .deflate).bytes
        #expect(refusal(bomb) == .expansionTooHigh)
        var limits = ZIPLimits()
        limits.expansion = 2_000
        #expect(refusal(bomb, limits: limits) == nil)
        limits.entryBytes = 1 << 20
        #expect(refusal(bomb, limits: limits) == .entryTooLarge)
        let pair = try Forgery([("a", noise(600)), ("b", noise(600))]).bytes
        limits.totalBytes = 1_000
        #expect(refusal(pair, limits: limits) == .archiveTooLarge)
    }

    @Test("A bomb that declares a small size is stopped at that size")
    func lyingBomb() throws {
        var bomb = try Forgery([("zeros", [UInt8](repeating: 0, count: 8 << 20))], method: .deflate)
        bomb.put(UInt32(1_000), at: bomb.centrals[0] + 24)
        bomb.put(UInt32(1_000), at: bomb.locals[0] + 22)
        let reader = try ZIPReader(bytes: bomb.bytes)
        var given = 0
        var budget = ZIPBudget()
        #expect(throws: ZIPError(.sizeMismatch, entry: 0)) {
            try reader.extract(reader.entries[0], budget: &budget) { given += $0.count }
        }
        #expect(given <= 1_000)
    }

    @Test("Archives nested in archives share one budget and stop at a depth")
    func nested() throws {
        var archive = try Forgery([("document", noise(40_000))]).bytes
        for _ in 0..<4 { archive = try Forgery([("archive.zip", archive)]).bytes }

        func descend(_ bytes: [UInt8], _ budget: inout ZIPBudget) throws -> Int {
            let reader = try ZIPReader(bytes: bytes)
            let inner = try reader.bytes(of: reader.entries[0], budget: &budget)
            guard reader.entries[0].name.hasSuffix(".zip") else { return 1 }
            return try budget.nested { (budget) in try descend(inner, &budget) } + 1
        }
        var shallow = ZIPBudget()
        #expect(throws: ZIPError(.nestedTooDeep)) { try descend(archive, &shallow) }
        var limits = ZIPLimits()
        (limits.nesting, limits.totalBytes) = (10, 1 << 20)
        var deep = ZIPBudget(limits)
        #expect(try descend(archive, &deep) == 5)
        #expect(deep.bytes < (1 << 20) - 5 * 40_000, "every level was paid for")
        limits.totalBytes = 100_000
        var poor = ZIPBudget(limits)
        #expect(throws: ZIPError(.archiveTooLarge, entry: 0)) { try descend(archive, &poor) }
    }

    @Test("A count of entries that the directory cannot hold is a lie found at once")
    func entryCount() throws {
        var forgery = try Forgery([("a", [1])])
        for field in [8, 10] { forgery.put(UInt16(9_000), at: forgery.end + field) }
        #expect(refusal(forgery.bytes) == .malformedRecord)
        var limits = ZIPLimits()
        limits.entries = 1
        #expect(refusal(try Forgery([("a", [1]), ("b", [2])]).bytes, limits: limits) == .tooManyEntries)
    }

    // MARK: Names

    @Test(
        "An unsafe name is refused",
        arguments: [
            ("/etc/passwd", ZIPError.Reason.pathTraversal), ("../passwdxx", .pathTraversal),
            ("aaa/../../b", .pathTraversal),
            ("C:/windows/", .pathTraversal), ("c:evil.exe.", .pathTraversal), ("a\\..\\b.txt", .unsafeName),
            ("nul\u{0}here..", .unsafeName), ("ligne\nneuve", .unsafeName), ("double//sl", .pathTraversal),
            ("./here.pdf.", .pathTraversal), ("a/C:/secret", .pathTraversal),
        ])
    func unsafeNames(name: String, reason: ZIPError.Reason) throws {
        let innocent = String(repeating: "x", count: name.utf8.count)
        var forgery = try Forgery([(innocent, [1])])
        for start in [forgery.locals[0] + 30, forgery.centrals[0] + 46] {
            forgery.bytes.replaceSubrange(start..<start + name.utf8.count, with: Array(name.utf8))
        }
        #expect(refusal(forgery.bytes) == reason)
    }

    @Test("A name flagged UTF-8 that is not is refused")
    func invalidUTF8() throws {
        var forgery = try Forgery([("é", [1])])
        for start in [forgery.locals[0] + 30, forgery.centrals[0] + 46] { forgery.bytes[start + 1] = 0xC3 }
        #expect(refusal(forgery.bytes) == .unsafeName)
    }

    @Test("Two entries of one name are refused, letter case aside")
    func duplicates() throws {
        var forgery = try Forgery([("doc.xml", [1]), ("dox.xml", [2])])
        for start in [forgery.locals[1] + 30, forgery.centrals[1] + 46] {
            forgery.bytes.replaceSubrange(start..<start + 3, with: Array("DOC".utf8))
        }
        #expect(refusal(forgery.bytes) == .duplicateName)
    }

    @Test("A name that differs between the two headers is refused")
    func names() throws {
        var forgery = try Forgery([("doc.xml", [1])])
        forgery.bytes[forgery.locals[0] + 30] = UInt8(ascii: "D")
        #expect(refusal(forgery.bytes) == .headersDisagree)
    }

    @Test("Names too long or too deep are refused")
    func longNames() throws {
        var limits = ZIPLimits()
        limits.nameBytes = 10
        #expect(refusal(try Forgery([("abcdefghijk", [1])]).bytes, limits: limits) == .nameTooLong)
        limits.depth = 2
        #expect(refusal(try Forgery([("a/b/c", [1])]).bytes, limits: limits) == .nameTooLong)
    }

    // MARK: Kinds

    @Test(
        "Symbolic links, devices, pipes and sockets are refused",
        arguments: [0xA000, 0x2000, 0x6000, 0x1000, 0xC000, 0x4000])
    func kinds(mode: UInt32) throws {
        var forgery = try Forgery([("lien", [1])])
        forgery.put(mode << 16 | 0o777 << 16, at: forgery.centrals[0] + 38)
        #expect(refusal(forgery.bytes) == .notAFile)
    }

    @Test("Encrypted entries are refused, however it is said", arguments: [1, 1 << 6, 1 << 13] as [UInt16])
    func encrypted(flag: UInt16) throws {
        var forgery = try Forgery([("secret", [1])])
        forgery.put(flag, at: forgery.centrals[0] + 8)
        forgery.put(flag, at: forgery.locals[0] + 6)
        #expect(refusal(forgery.bytes) == .encrypted)
        var hidden = try Forgery([("secret", [1])])
        hidden.put(flag, at: hidden.locals[0] + 6)
        #expect(refusal(hidden.bytes) == .headersDisagree)
    }

    @Test(
        "AES and unknown methods are refused",
        arguments: [
            (UInt16(99), ZIPError.Reason.encrypted), (12, .unsupportedMethod), (1, .unsupportedMethod),
        ])
    func methods(code: UInt16, reason: ZIPError.Reason) throws {
        var forgery = try Forgery([("a", [1])])
        forgery.put(code, at: forgery.centrals[0] + 10)
        forgery.put(code, at: forgery.locals[0] + 8)
        #expect(refusal(forgery.bytes) == reason)
    }

    // MARK: Sizes and checksums

    @Test("Sizes and checksums that lie are found")
    func lies() throws {
        let content = text(5_000)
        func forged(_ change: (inout Forgery) -> Void) throws -> ZIPError.Reason? {
            var forgery = try Forgery([("a", content)], method: .deflate)
            change(&forgery)
            do {
                let reader = try ZIPReader(bytes: forgery.bytes)
                _ = try reader.bytes(of: reader.entries[0])
                return nil
            } catch { return (error as? ZIPError)?.reason }
        }
        #expect(try forged { _ in } == nil)
        #expect(try forged { $0.put(UInt32(5_001), at: $0.centrals[0] + 24) } == .headersDisagree)
        for size in [4_999, 5_001, 0] as [UInt32] {
            #expect(
                try forged {
                    $0.put(size, at: $0.centrals[0] + 24)
                    $0.put(size, at: $0.locals[0] + 22)
                } == .sizeMismatch)
        }
        #expect(
            try forged {
                $0.put(UInt32(7), at: $0.centrals[0] + 16)
                $0.put(UInt32(7), at: $0.locals[0] + 14)
            } == .checksumMismatch)
        #expect(try forged { $0.bytes[$0.locals[0] + 31] = 0xFF } == .corruptData)
    }

    @Test("ZIP64 records that contradict the 32-bit ones are refused")
    func zip64Lies() throws {
        var options = ZIPWriter<ZIPMemorySink>.Options()
        options.alwaysZIP64 = true
        let writer = ZIPWriter(options: options)
        try writer.add("a", noise(100))
        let good = try writer.finish().bytes
        #expect(refusal(good) == nil)
        var forgery = try Forgery([])
        forgery.bytes = good
        var count = forgery
        count.put(UInt16(2), at: count.end + 8)
        count.put(UInt16(2), at: count.end + 10)
        #expect(refusal(count.bytes) == .zip64Inconsistent)
        var offset = forgery
        offset.put(UInt32(1), at: offset.end + 16)
        #expect(refusal(offset.bytes) == .zip64Inconsistent)
        var record = forgery
        record.put(UInt64(1 << 40), at: record.end - 20 + 8)
        #expect(refusal(record.bytes) == .zip64Inconsistent)
        var short = forgery  // the extra announces fewer bytes than the sentinels need
        short.put(UInt16(0x7777), at: short.centrals[0] + 46 + 1)
        #expect(refusal(short.bytes) == .zip64Inconsistent)
        var plain = try Forgery([("a", [1])])  // sentinels without any ZIP64 record
        plain.put(UInt32.max, at: plain.end + 16)
        #expect(refusal(plain.bytes) == .zip64Inconsistent)
        var overflow = forgery
        overflow.put(UInt64.max, at: overflow.end - 76 + 40)
        #expect(refusal(overflow.bytes) == .malformedRecord)
    }

    // MARK: Every byte

    @Test("No single changed byte gives another content or another name")
    func everyByte() throws {
        let writer = ZIPWriter()
        try writer.add("a.txt", text(300))
        try writer.begin("b/c.bin")
        try writer.write(noise(60))
        try writer.end()
        let good = try writer.finish().bytes
        let names = ["a.txt", "b/c.bin"]
        let contents = [text(300), noise(60)]
        var opened = 0
        for index in good.indices {
            for mask in [0x01, 0x80, 0xFF] as [UInt8] {
                var bad = good
                bad[index] ^= mask
                guard let reader = try? ZIPReader(bytes: bad) else { continue }
                #expect(reader.entries.map(\.name) == names)
                for (entry, content) in zip(reader.entries, contents) {
                    guard let bytes = try? reader.bytes(of: entry) else { continue }
                    #expect(bytes == content)
                    opened += 1
                }
            }
        }
        #expect(opened > 0)
    }

    @Test("No truncation opens")
    func everyLength() throws {
        let good = try Forgery([("a.txt", text(300)), ("b", noise(50))], method: .deflate).bytes
        for count in 0..<good.count { #expect(refusal(Array(good[..<count])) != nil) }
    }

    @Test("Every error explains itself in French and in English")
    func explanations() {
        for reason in ZIPError.Reason.allCases {
            let error = ZIPError(reason, entry: 3)
            #expect(error.explanation.hasSuffix(".") && error.explanation.contains("archive"))
            #expect(error.description == "ZIP: \(reason.rawValue) (entry 3)")
        }
    }
}
