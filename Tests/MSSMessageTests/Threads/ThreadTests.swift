import MSSCore
import MSSMessage
import Testing

private func message(_ id: String?, _ references: [String] = [], _ subject: String = "", at seconds: Int64 = 0)
    -> ThreadMessage
{
    ThreadMessage(messageID: id, references: references, subject: subject, date: Timestamp(seconds: seconds))
}

@Suite struct ThreadTests {
    @Test(
        "Base subjects lose the marks of replies and forwards (RFC 5256 §2.1)",
        arguments: [
            ("Re: compte rendu", "compte rendu", true), ("RE : Fwd: [liste] compte  rendu (fwd)", "compte rendu", true),
            ("[liste] compte rendu", "compte rendu", false), ("[liste]", "[liste]", false),
            ("[fwd: Re: compte rendu]", "compte rendu", true), ("Re[2]: x", "x", true),
            ("Retour : x", "Retour : x", false),
            ("", "", false), ("Re:", "", true), ("[a] [b] Re: [c] x", "x", true), ("fw: x (FWD) (fwd) ", "x", true),
        ])
    func baseSubjects(subject: String, base: String, reply: Bool) {
        let found = BaseSubject(subject)
        #expect(found.text == base)
        #expect(found.isReplyOrForward == reply)
    }

    @Test("French marks are known when asked for")
    func frenchMarks() {
        #expect(BaseSubject("TR: RE : dossier", marks: .french).text == "dossier")
        #expect(BaseSubject("Rép : dossier", marks: .french).text == "dossier")
        #expect(BaseSubject("TR: dossier").text == "TR: dossier")
    }

    @Test("A subject of brackets is examined in bounded time")
    func hostileSubject() {
        #expect(BaseSubject(String(repeating: "[]", count: 500_000)).text == "[]")
        _ = BaseSubject(String(repeating: "[fwd: ", count: 200_000))
    }

    @Test("Answers stand below what they answer, missing messages hold their answers together")
    func references() {
        let forest = ThreadForest([
            message("a", [], "x", at: 1), message("b", ["a"], "Re: x", at: 2),
            message("c", ["a", "b"], "Re: x", at: 3),
            message("e", ["d"], "y", at: 5), message("f", ["d"], "z", at: 4), message("g", ["h"], "w", at: 6),
        ])
        #expect(forest.conversations == [[0, 1, 2], [4, 3], [5]])
        #expect(forest.nodes[forest.roots[1]].message == nil)
    }

    @Test("Circles of references, identifiers seen twice and self-references end in a tree")
    func circles() {
        let forest = ThreadForest([
            message("a", ["b"], "1"), message("b", ["c"], "2"), message("c", ["a"], "3"), message("a", ["a"], "4"),
            message(nil, ["a"], "5"), message("z", ["z"], "6"),
        ])
        #expect(forest.conversations.flatMap { $0 }.sorted() == [0, 1, 2, 3, 4, 5])
    }

    @Test("100,000 messages in one chain, a fan, and against each other take bounded time and no recursion")
    func large() {
        let count = 100_000
        let chain = ThreadForest(
            (0..<count).map { message("m\($0)", $0 == 0 ? [] : ["m\($0 - 1)"], "x", at: Int64($0)) })
        #expect(chain.conversations == [Array(0..<count)])
        let fan = ThreadForest((0..<count).map { message("m\($0)", ["racine"], "x", at: Int64($0)) })
        #expect(fan.conversations == [Array(0..<count)])
        let half = 20_000
        let hostile =
            (0..<half).map { message("m\($0)", $0 == 0 ? [] : ["m\($0 - 1)"], at: 0) }
            + (0..<half).map { message("n\($0)", [], at: 0) } + (0..<half).map { message("o\($0)", ["n\($0)"], at: 0) }
            + (0..<half).map { message("p\($0)", ["m\(half - 1)", "n\($0)", "o\($0)"], at: 0) }
        let forest = ThreadForest(hostile)
        #expect(forest.conversations.reduce(0) { $0 + $1.count } == hostile.count)
    }
}
