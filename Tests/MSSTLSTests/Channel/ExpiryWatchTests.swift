import MSSCore
import MSSTLS
import MSSTestKit
import Testing

@Suite("Expiry watch")
struct ExpiryWatchTests {
    static func certificate(daysLeft: Int64) throws -> Certificate {
        let now = TestPKI.shared.now
        let credential = try TestPKI.shared.issue(
            .server(commonName: "mx.hopital.test"),
            validity: .window(
                from: Timestamp(seconds: now.seconds - 1000 * 86_400),
                to: Timestamp(seconds: now.seconds + daysLeft * 86_400)))
        return try Certificate(der: credential.certificateDER)
    }

    @Test("EX_SSI_5085: certificates to renew are told in time, the most urgent first")
    func warnings() throws {
        let certificates = try [("far", 61), ("sixty", 60), ("week", 6), ("today", 0), ("past", -1)].map {
            (label: $0.0, certificate: try Self.certificate(daysLeft: $0.1))
        }
        let warnings = ExpiryWatch.warnings(for: certificates, at: TestPKI.shared.now)
        #expect(warnings.map(\.label) == ["past", "today", "week", "sixty"])
        #expect(warnings.map(\.threshold) == [-1, 0, 7, 60])
        #expect(warnings.map { $0.explanation.contains("a expiré") } == [true, false, false, false])
        #expect(warnings[2].explanation.contains("dans 6 jours"))
    }

    @Test("EX_SSI_5085: the watcher reports a warning once, and again at the next threshold")
    func watcher() async throws {
        let certificate = try Self.certificate(daysLeft: 30)
        let clock = SteppingClock(TestPKI.shared.now, step: .seconds(86_400))
        let reports = Shared<[Int]>([])
        let watch = Task {
            try await ExpiryWatch.run(
                every: .zero, clock: clock, certificates: { [("mx", certificate)] },
                report: { warning in reports.update { $0.append(warning.threshold) } })
        }
        while reports.value.last != -1 { await Task.yield() }
        watch.cancel()
        #expect(reports.value == [30, 15, 7, 3, 2, 1, 0, -1])
    }
}

/// A clock that moves on each time it is read.
final class SteppingClock: WallClock {
    private let time: Shared<Timestamp>
    private let step: Duration

    init(_ time: Timestamp, step: Duration) {
        self.time = Shared(time)
        self.step = step
    }

    func now() -> Timestamp {
        let step = step
        defer { time.update { $0 = $0 + step } }
        return time.value
    }
}
