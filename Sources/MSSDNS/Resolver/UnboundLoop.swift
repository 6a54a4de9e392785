internal import CUnbound
internal import Glibc

/// The body of the worker's thread: the only code that touches the context once it runs.
///
/// `@unchecked Sendable`: an instance is built by the worker, handed to the thread by `start`, and from then on used by
/// that thread alone (libunbound's callbacks run inside `ub_process`, which the thread itself calls).
final class UnboundLoop: @unchecked Sendable {
    private struct Pending {
        var asyncID: CInt
        var deadline: ContinuousClock.Instant
        var deliver: UnboundWorker.Delivery
    }

    /// What libunbound hands back to the callback: which query of which loop.
    private final class Ticket {
        unowned let loop: UnboundLoop
        let id: UInt64
        init(loop: UnboundLoop, id: UInt64) {
            self.loop = loop
            self.id = id
        }
    }

    private let context: OpaquePointer
    private let wakeReader: CInt
    private let wakeWriter: CInt
    private let maximumPending: Int
    private let takeCommands: @Sendable () -> [UnboundWorker.Command]
    private var pending: [UInt64: Pending] = [:]
    /// Tickets that libunbound holds; a cancelled query gives none back.
    private var tickets: [UInt64: Unmanaged<Ticket>] = [:]
    private var isStopping = false

    init(
        context: OpaquePointer, wakeReader: CInt, wakeWriter: CInt, maximumPending: Int,
        takeCommands: @escaping @Sendable () -> [UnboundWorker.Command]
    ) {
        self.context = context
        self.wakeReader = wakeReader
        self.wakeWriter = wakeWriter
        self.maximumPending = maximumPending
        self.takeCommands = takeCommands
    }

    /// Starts the thread, which keeps this object alive until it ends.
    func start() -> Bool {
        var thread = pthread_t()
        let argument = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<UnboundLoop>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument)
        guard code == 0 else {
            Unmanaged<UnboundLoop>.fromOpaque(argument).release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private func run() {
        var descriptors = [
            pollfd(fd: wakeReader, events: Int16(POLLIN), revents: 0),
            pollfd(fd: ub_fd(context), events: Int16(POLLIN), revents: 0),
        ]
        while !isStopping {
            poll(&descriptors, 2, millisecondsToNextDeadline())
            if descriptors[0].revents != 0 {
                var scratch = [UInt8](repeating: 0, count: 256)
                while read(wakeReader, &scratch, scratch.count) == scratch.count {}
                for command in takeCommands() { carryOut(command) }
            }
            if descriptors[1].revents != 0 { ub_process(context) }
            expire()
        }
        for id in Array(pending.keys) { finish(id, .failure(.unavailable("shut down"))) }
        // Ends libunbound's own thread; no callback runs after it.
        ub_ctx_delete(context)
        for ticket in tickets.values { ticket.release() }
        close(wakeReader)
        close(wakeWriter)
    }

    private func carryOut(_ command: UnboundWorker.Command) {
        switch command {
        case .start(let id, let name, let type, let timeout, let deliver):
            start(id, name, type, deadline: .now + timeout, deliver)
        case .cancel(let id): abandon(id, .cancelled)
        case .stop: isStopping = true
        }
    }

    private func start(
        _ id: UInt64, _ name: DNSName, _ type: DNSRecordType, deadline: ContinuousClock.Instant,
        _ deliver: @escaping UnboundWorker.Delivery
    ) {
        guard pending.count < maximumPending else {
            deliver(.failure(.unavailable("\(maximumPending) questions under way")))
            return
        }
        let ticket = Unmanaged.passRetained(Ticket(loop: self, id: id))
        tickets[id] = ticket
        pending[id] = Pending(asyncID: 0, deadline: deadline, deliver: deliver)
        var asyncID: CInt = 0
        // The answer may come from the cache during the call itself: everything is in place before it.
        let code = ub_resolve_async(
            context, name.absolute, CInt(type.rawValue), 1, ticket.toOpaque(),
            { argument, code, result in
                guard let argument else { return }
                let ticket = Unmanaged<Ticket>.fromOpaque(argument).takeUnretainedValue()
                ticket.loop.received(ticket.id, code, result)
            }, &asyncID)
        if code != 0 {
            tickets.removeValue(forKey: id)?.release()
            finish(id, .failure(.unavailable("libunbound error \(code)")))
        } else if pending[id] != nil {
            pending[id]?.asyncID = asyncID
        }
    }

    private func received(_ id: UInt64, _ code: CInt, _ result: UnsafeMutablePointer<ub_result>?) {
        defer { if let result { ub_resolve_free(result) } }
        let outcome: Result<UnboundAnswer, DNSFailure>
        if code != 0 {
            // libunbound's own SERVFAIL: no server of the zone answered as it should.
            outcome = .failure(code == UB_SERVFAIL.rawValue ? .serverFailure(responseCode: 2) : .unavailable("\(code)"))
        } else if let result {
            outcome = .success(UnboundAnswer(result.pointee))
        } else {
            outcome = .failure(.unavailable("no result"))
        }
        finish(id, outcome)
        tickets.removeValue(forKey: id)?.release()
    }

    private func abandon(_ id: UInt64, _ failure: DNSFailure) {
        guard let query = pending[id] else { return }
        // After a successful cancel libunbound never calls back; otherwise the ticket waits for its callback.
        if ub_cancel(context, query.asyncID) == 0 { tickets.removeValue(forKey: id)?.release() }
        finish(id, .failure(failure))
    }

    private func finish(_ id: UInt64, _ outcome: Result<UnboundAnswer, DNSFailure>) {
        pending.removeValue(forKey: id)?.deliver(outcome)
    }

    private func expire() {
        let now = ContinuousClock.now
        for (id, query) in pending where query.deadline <= now { abandon(id, .timedOut) }
    }

    private func millisecondsToNextDeadline() -> CInt {
        guard let next = pending.values.map(\.deadline).min() else { return -1 }
        let left = ContinuousClock.now.duration(to: next)
        let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
        return CInt(clamping: max(0, milliseconds))
    }
}

extension UnboundAnswer {
    /// Copies a result of libunbound.
    init(_ result: ub_result) {
        var data: [[UInt8]] = []
        // `data` is an array of pointers ended by a null one, `len` the lengths beside it.
        if result.havedata != 0, let items = result.data, let lengths = result.len {
            var index = 0
            while let item = items[index] {
                let bytes = UnsafeRawBufferPointer(start: item, count: Int(lengths[index]))
                data.append(Array(bytes))
                index += 1
            }
        }
        self.init(
            responseCode: Int(result.rcode), data: data, isSecure: result.secure != 0,
            bogus: result.bogus != 0 ? result.why_bogus.map { String(cString: $0) } ?? "no reason given" : nil,
            timeToLive: Int(result.ttl))
    }
}
