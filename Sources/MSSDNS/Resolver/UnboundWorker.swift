internal import CUnbound
internal import Glibc
internal import MSSCore
import Synchronization

/// The thread that owns a libunbound context.
///
/// Callers leave commands in a locked queue and wake the thread through a pipe; the thread starts and cancels
/// queries, waits on libunbound's descriptor, and delivers each outcome exactly once.
final class UnboundWorker: Sendable {
    typealias Delivery = @Sendable (Result<UnboundAnswer, DNSFailure>) -> Void

    enum Command: Sendable {
        case start(UInt64, DNSName, DNSRecordType, Duration, Delivery)
        case cancel(UInt64)
        case stop
    }

    private struct Inbox: Sendable {
        var commands: [Command] = []
        var isStopped = false
    }

    private let inbox = Guarded(Inbox())
    private let nextID = Atomic<UInt64>(0)
    private let wakeWriter: CInt

    init(_ configuration: UnboundConfiguration) throws(DNSFailure) {
        let (reader, writer) = try Self.makePipe()
        wakeWriter = writer
        let context: OpaquePointer
        do { context = try UnboundContext.make(configuration) } catch {
            close(reader)
            close(writer)
            throw error
        }
        let loop = UnboundLoop(
            context: context, wakeReader: reader, wakeWriter: writer, maximumPending: configuration.maximumPending,
            takeCommands: { [self] in
                inbox.withLock { inbox in
                    defer { inbox.commands = [] }
                    return inbox.commands
                }
            })
        guard loop.start() else {
            ub_ctx_delete(context)
            close(reader)
            close(writer)
            throw .unavailable("no thread")
        }
    }

    /// A number for a query, known before it is submitted so that it can be cancelled at any time.
    func reserve() -> UInt64 { nextID.add(1, ordering: .relaxed).newValue }

    func submit(
        _ id: UInt64, name: DNSName, type: DNSRecordType, timeout: Duration, deliver: @escaping Delivery
    ) {
        if !send(.start(id, name, type, timeout, deliver)) { deliver(.failure(.unavailable("shut down"))) }
    }

    func cancel(_ id: UInt64) { _ = send(.cancel(id)) }

    func stop() {
        _ = send(.stop)
    }

    private func send(_ command: Command) -> Bool {
        inbox.withLock { inbox in
            guard !inbox.isStopped else { return false }
            if case .stop = command { inbox.isStopped = true }
            inbox.commands.append(command)
            // Written under the lock: the thread closes the pipe only after it has taken `stop`, so it is open.
            // A full pipe is no loss: the thread is about to wake anyway.
            var octet: UInt8 = 0
            _ = write(wakeWriter, &octet, 1)
            return true
        }
    }

    /// A pipe that neither blocks nor passes to child processes.
    private static func makePipe() throws(DNSFailure) -> (reader: CInt, writer: CInt) {
        var descriptors: [CInt] = [-1, -1]
        guard pipe(&descriptors) == 0 else { throw .unavailable("pipe: errno \(errno)") }
        for descriptor in descriptors {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        }
        return (descriptors[0], descriptors[1])
    }
}

/// Makes a configured libunbound context.
enum UnboundContext {
    static func make(_ configuration: UnboundConfiguration) throws(DNSFailure) -> OpaquePointer {
        guard let context = ub_ctx_create() else { throw .unavailable("ub_ctx_create") }
        do { try apply(configuration, to: context) } catch {
            ub_ctx_delete(context)
            throw error
        }
        return context
    }

    private static func apply(_ configuration: UnboundConfiguration, to context: OpaquePointer) throws(DNSFailure) {
        func set(_ option: String, _ value: String) throws(DNSFailure) {
            try check(ub_ctx_set_option(context, option, value), option)
        }
        // The background worker is a thread of libunbound's own.
        try check(ub_ctx_async(context, 1), "async")
        switch configuration.validation {
        case .off: try set("module-config:", "iterator")
        case .permissive:
            try set("module-config:", "validator iterator")
            try set("val-permissive-mode:", "yes")
        case .validating, .required: try set("module-config:", "validator iterator")
        }
        try set("cache-max-ttl:", String(configuration.maximumTimeToLive))
        try set("rrset-cache-size:", String(configuration.cacheBytes))
        try set("msg-cache-size:", String(configuration.cacheBytes / 2))
        // A resolver on this machine is a legitimate forwarder.
        try set("do-not-query-localhost:", "no")
        // Private networks (10.in-addr.arpa…) are the hospital's own zones, not libunbound's built-in empty ones.
        try set("unblock-lan-zones:", "yes")
        try set("insecure-lan-zones:", "yes")
        switch configuration.upstream {
        case .system: try check(ub_ctx_resolvconf(context, nil), "resolv.conf")
        case .forwarders(let addresses):
            for address in addresses { try check(ub_ctx_set_fwd(context, address), "forwarder \(address)") }
        case .recursive: break
        }
        if configuration.validation != .off {
            for anchor in configuration.trustAnchors { try check(ub_ctx_add_ta(context, anchor), "trust anchor") }
            if let file = configuration.trustAnchorFile {
                try check(ub_ctx_add_ta_file(context, file), "trust anchor file")
            }
        }
    }

    private static func check(_ code: CInt, _ what: String) throws(DNSFailure) {
        guard code == 0 else {
            throw .unavailable("\(what): \(ub_strerror(code).map { String(cString: $0) } ?? "error \(code)")")
        }
    }
}
