import MSSCore

/// Tells those who wait that a mailbox has changed.
final class MailListeners: Sendable {
    private struct State {
        var last = 0
        var streams: [MailboxName: [Int: AsyncStream<Int64>.Continuation]] = [:]
    }

    private let state = Guarded(State())
    /// Counts changes, of some mailboxes together each: where nothing was counted nothing has changed.
    private let pulses = Guarded([UInt64](repeating: 0, count: 4096))

    private static func place(_ mailbox: MailboxName) -> Int { Int(UInt(bitPattern: mailbox.hashValue) % 4096) }

    /// A number that is another one after every change of a mailbox.
    func pulse(of mailbox: MailboxName) -> UInt64 { pulses.withLock { $0[Self.place(mailbox)] } }

    /// The numbers of changes of a mailbox, from now on. Who is slow gets the latest only: it says all.
    func changes(of mailbox: MailboxName) -> AsyncStream<Int64> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int64.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.last += 1
            state.streams[mailbox, default: [:]][state.last] = continuation
            return state.last
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.streams[mailbox]?[number] = nil
                if state.streams[mailbox]?.isEmpty == true { state.streams[mailbox] = nil }
            }
        }
        return stream
    }

    func tell(_ changes: [MailboxName: Int64]) {
        pulses.withLock { pulses in for mailbox in changes.keys { pulses[Self.place(mailbox)] += 1 } }
        let told = state.withLock { state in
            changes.flatMap { name, number in (state.streams[name] ?? [:]).values.map { ($0, number) } }
        }
        for (continuation, number) in told { continuation.yield(number) }
    }

    func finish() {
        let streams = state.withLock { state in
            defer { state.streams = [:] }
            return state.streams.values.flatMap(\.values)
        }
        for stream in streams { stream.finish() }
    }
}
