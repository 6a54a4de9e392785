import Logging
import MSSConnector
import MSSCore
import MSSStore

extension OperatorNode {
    /// A step of the clock that nobody takes for the drift of a synchronised one (EX_SDT_5010).
    static let clockStep = Duration.seconds(60)

    /// Compares the wall clock with the steady one, tells of a jump, and mends what a clock that was ahead has put off:
    /// what waits for a time beyond the longest wait is due at once, also what an earlier run left.
    func watchClock() async throws {
        var last = (wall: clock.now(), steady: ContinuousClock.now)
        await bringForward()
        while true {
            try await Task.sleep(for: settings.tasks.queuePoll)
            let present = (wall: clock.now(), steady: ContinuousClock.now)
            let jump = (present.wall - last.wall) - (present.steady - last.steady)
            last = present
            guard jump > Self.clockStep || jump < .zero - Self.clockStep else { continue }
            logger.critical(
                "clock jumped",
                metadata: [
                    "seconds": "\(jump.components.seconds)",
                    "explication": "L'horloge de la machine a sauté : vérifiez sa synchronisation (EX_SDT_5010).",
                ])
            await bringForward()
        }
    }

    private func bringForward() async {
        let now = clock.now()
        // The schedule spreads its longest wait by a fifth.
        let limit = now + settings.outbound.longestRetry * 2
        do {
            let count = try await spool.bringForward(dueAfter: limit, at: now)
            guard count > 0 else { return }
            logger.notice("queue: brought forward", metadata: ["shares": "\(count)"])
            connector.wake()
        } catch { logger.error("queue: not brought forward", metadata: ["reason": "\(error)"]) }
    }
}
