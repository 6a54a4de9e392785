import Dispatch
import MSSCore

/// Runs work that takes processor and memory, a few pieces at a time and off the cooperative pool. What cannot begin soon
/// is refused: logins that are made to cost must not cost the service.
final class ComputeLane: Sendable {
    private let queue: DispatchQueue
    private let slots: DispatchSemaphore
    private let waiting = Guarded(0)
    private let limit: Int

    /// - Parameters:
    ///   - width: pieces of work at once.
    ///   - limit: pieces that may wait or run.
    init(width: Int, limit: Int) {
        queue = DispatchQueue(label: "mssante.passwords", attributes: .concurrent)
        slots = DispatchSemaphore(value: width)
        self.limit = limit
    }

    /// The result; `nil` when too much waits already.
    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
        guard waiting.increment(below: limit) else { return nil }
        defer { waiting.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            queue.async { [slots] in
                slots.wait()
                let value = body()
                slots.signal()
                continuation.resume(returning: value)
            }
        }
    }
}
