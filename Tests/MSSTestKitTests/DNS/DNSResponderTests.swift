import MSSTestKit
import Testing

/// Messages that no resolver sends.
@Suite struct DNSResponderTests {
    private let responder = try! DNSResponder([DNSServerTests.zone])  // a literal

    /// A question for the A record of `essai.fr` with these changes.
    private func question(
        flags: [UInt8] = [1, 0], counts: [UInt8] = [0, 1, 0, 0, 0, 0, 0, 0], name: [UInt8]? = nil, rest: [UInt8] = []
    ) -> [UInt8] {
        let plain = [5] + Array("essai".utf8) + [2] + Array("fr".utf8) + [0]
        return [0xAB, 0xCD] + flags + counts + (name ?? plain) + [0, 1, 0, 1] + rest
    }

    private func code(_ bytes: [UInt8]) -> UInt8? {
        responder.answer(bytes, over: .udp).map { answer in
            #expect(answer.prefix(2) == [0xAB, 0xCD] && answer[2] & 0x80 != 0)
            return answer[3] & 0x0F
        }
    }

    @Test("Answers and scraps get no answer: two servers would go on for ever")
    func ignored() {
        #expect(code(question()) == 0)
        #expect(code(question(flags: [0x81, 0])) == nil)
        for count in 0..<12 { #expect(code(Array(question().prefix(count))) == nil) }
    }

    @Test("Every cut of a question is a format error, and so is what follows it")
    func cut() {
        let whole = question(counts: [0, 1, 0, 0, 0, 0, 0, 1], rest: [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 4, 0, 10, 0, 0])
        #expect(code(whole) == 0)
        for count in 12..<whole.count { #expect(code(Array(whole.prefix(count))) == 1, "\(count)") }
        #expect(code(whole + [0]) == 1)
    }

    @Test("Pointers, long names and wrong counts in a question are format errors")
    func malformed() {
        #expect(code(question(name: [0xC0, 12])) == 1)
        #expect(code(question(name: [UInt8](repeating: 63, count: 400))) == 1)
        let labels = [UInt8]((0..<5).flatMap { _ in [63] + [UInt8](repeating: 0x61, count: 63) } + [0])
        #expect(code(question(name: labels)) == 1)
        for counts: [UInt8] in [
            [0, 0, 0, 0, 0, 0, 0, 0], [0, 2, 0, 0, 0, 0, 0, 0], [0, 1, 0, 1, 0, 0, 0, 0], [0, 1, 0, 0, 0, 1, 0, 0],
            [0, 1, 0, 0, 0, 0, 255, 255],
        ] {
            #expect(code(question(counts: counts)) == 1)
        }
        let option: [UInt8] = [0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]
        #expect(code(question(counts: [0, 1, 0, 0, 0, 0, 0, 2], rest: option + option)) == 1)
    }

    @Test("No datagram is larger than its asker takes")
    func sizes() throws {
        let name = [4] + Array("gros".utf8) + [5] + Array("essai".utf8) + [2] + Array("fr".utf8) + [0]
        for (payload, limit) in [(nil, 512), (100, 512), (900, 900), (65_535, 1232)] as [(Int?, Int)] {
            let option = payload.map { [0, 0, 41, UInt8($0 >> 8), UInt8($0 & 0xFF), 0, 0, 0, 0, 0, 0] as [UInt8] }
            let bytes =
                [0xAB, 0xCD, 1, 0, 0, 1, 0, 0, 0, 0, 0, option == nil ? 0 : 1] + name + [0, 16, 0, 1] + (option ?? [])
            #expect(try #require(responder.answer(bytes, over: .udp)).count <= limit)
            #expect(try #require(responder.answer(bytes, over: .tcp)).count > 1232)
        }
    }
}
