import Logging
import MSSCore
import MSSTestKit
import MSSTraces
import Testing

@testable import MSSConnector

@Suite("Traces that could not be kept (decision 0161)", .timeLimit(.minutes(5)))
struct ExchangeJournalTests {
    /// A recorder that does what a test says, call by call, and fails when nothing is said.
    private actor Script: TraceRecorder {
        private(set) var kept: [String] = []
        private(set) var calls = 0
        private var steps: [@Sendable () async throws -> Void]

        init(_ steps: [@Sendable () async throws -> Void]) { self.steps = steps }

        func trace(_ events: [TraceEvent]) async throws {
            calls += 1
            guard !steps.isEmpty else { throw TraceError.diskFull(path: "/") }
            try await steps.removeFirst()()
            kept += events.compactMap { $0.request?.text }
        }
    }

    private static func journal(_ recorder: any TraceRecorder) -> ExchangeJournal {
        ExchangeJournal(
            recorder: recorder, metrics: ConnectorMetrics(), events: EventHub(),
            detector: AnomalyDetector(AnomalyThresholds()), clock: SystemWallClock(),
            logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func event(_ name: String) -> TraceEvent {
        TraceEvent(.deposit, by: .system("essai"), request: TraceText(name))
    }

    @Sendable private static func fails() throws { throw TraceError.diskFull(path: "/") }

    @Test("What fails waits, is written before what is new, in order, once; meanwhile nothing is said to be kept")
    func order() async throws {
        let script = Script([Self.fails, Self.fails, Self.fails, {}, {}])
        let journal = Self.journal(script)
        #expect(await journal.isWorking())
        for name in ["a", "b"] { await journal.trace([Self.event(name)]) }
        #expect(await !journal.isWorking())
        #expect(await script.kept == [])
        await journal.trace([Self.event("c")])
        #expect(await journal.isWorking())
        await journal.trace([Self.event("d")])
        #expect(await script.kept == ["a", "b", "c", "d"])
        #expect(await script.calls == 5)
    }

    @Test("An older failure that is noted while the traces are written again does not refuse the next message")
    func lateFailure() async throws {
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (failed, fail) = AsyncStream.makeStream(of: Void.self)
        let (noted, note) = AsyncStream.makeStream(of: Void.self)
        let script = Script([
            {
                begin.finish()
                for await _ in failed {}
                try Self.fails()
            },
            Self.fails,
            {
                // While the waiting one is written, the first one fails at last.
                fail.finish()
                for await _ in noted {}
            },
            {},
        ])
        let journal = Self.journal(script)
        let late = Task {
            await journal.trace([Self.event("late")])
            note.finish()
        }
        for await _ in begun {}
        await journal.trace([Self.event("a")])
        #expect(await journal.isWorking())
        await late.value
        #expect(await script.kept == ["a", "late"])
    }

    @Test("Of many who ask at once none is told that traces are kept before they are; one write serves them")
    func together() async throws {
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let script = Script([
            Self.fails,
            {
                for await _ in asked {}
                try Self.fails()
            },
            Self.fails,
        ])
        let journal = Self.journal(script)
        await journal.trace([Self.event("a")])
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { await journal.isWorking() } }
            ask.finish()
            for await answer in group { #expect(!answer) }
        }
        #expect(await script.kept == [])
    }

    /// A recorder with records of a few octets, as a journal has them of a megabyte.
    private actor Narrow: TraceRecorder {
        private(set) var kept: [String] = []
        func trace(_ events: [TraceEvent]) async throws {
            guard events.count <= 3 else { throw TraceError.batchTooLarge(bytes: events.count) }
            for event in events where event.changes.count > 1 || event.mailbox != nil {
                throw TraceError.tooLarge(bytes: event.changes.count)
            }
            kept += events.compactMap { $0.request?.text }
        }
    }

    @Test("A trace that no journal can take is shortened, or given up, and holds up no other and no message")
    func tooLarge() async throws {
        let narrow = Narrow()
        let journal = Self.journal(narrow)
        var large = Self.event("large")
        large.changes = [TraceChange("a", before: nil, after: "1"), TraceChange("b", before: nil, after: "2")]
        var hopeless = Self.event("hopeless")
        hopeless.mailbox = Samples.address("a@alpha.mssante.fr")
        await journal.trace([Self.event("a"), large, hopeless, Self.event("b")])
        #expect(await journal.isWorking())
        await journal.trace((0..<10).map { Self.event("\($0)") })
        #expect(await journal.isWorking())
        #expect(await narrow.kept == ["a", "large", "b"] + (0..<10).map { "\($0)" })
    }

    @Test("Who asks while a write from before fails is answered by one of its own")
    func ownWrite() async throws {
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let script = Script([
            Self.fails,
            {
                begin.finish()
                for await _ in asked {}
                try Self.fails()
            },
            {},
        ])
        let journal = Self.journal(script)
        await journal.trace([Self.event("a")])
        async let first = journal.isWorking()
        for await _ in begun {}
        async let second = journal.isWorking()
        ask.finish()
        let answers = await (first, second)
        #expect(answers.1)
        #expect(await script.kept == ["a"])
        _ = answers.0
    }
}
