import MSSTestKit
import Testing

@testable import MSSIMAP

@Suite("UIDs by message number")
struct UIDListTests {
    @Test(
        "Runs say what a list of UIDs says, whatever its gaps, as it grows and shrinks",
        arguments: 1...10 as ClosedRange<UInt64>)
    func runs(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var list = UIDList()
        var plain: [UInt32] = []
        for _ in 0..<12 {
            for _ in 0..<Int.random(in: 0..<30, using: &random) {
                let uid =
                    (plain.last ?? 0) + (Bool.random(using: &random) ? 1 : UInt32.random(in: 1...5, using: &random))
                list.append(uid)
                plain.append(uid)
            }
            let gone = Set((0..<5).compactMap { _ in plain.randomElement(using: &random) } + [0, .max])
            let expected = plain.enumerated().filter { gone.contains($0.element) }.enumerated()
                .map { (number: UInt32($0.element.offset - $0.offset + 1), uid: $0.element.element) }
            let removed = list.remove(gone)
            #expect(removed.map(\.number) == expected.map(\.number) && removed.map(\.uid) == expected.map(\.uid))
            plain.removeAll { gone.contains($0) }
            #expect(list.count == plain.count && list.last == plain.last)
            #expect(list == UIDList(plain))
            let end = Int.random(in: 0...plain.count, using: &random)
            let start = Int.random(in: 0...end, using: &random)
            #expect(list[start..<end] == Array(plain[start..<end]))
            #expect(list.ranges(start..<end) == NumberRanges(plain[start..<end]).ranges)
            for uid in 0...((plain.last ?? 0) + 2) {
                #expect(list.number(of: uid) == plain.firstIndex(of: uid).map { UInt32($0 + 1) })
                #expect(list.index(atLeast: uid) == plain.count { $0 < uid })
            }
        }
    }
}
