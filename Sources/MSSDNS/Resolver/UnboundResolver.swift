/// Resolves with libunbound: cache, TTL, retries and DNSSEC are the library's.
///
/// All calls into libunbound are made by one thread of the resolver's own (``UnboundWorker``), so nothing blocks an event
/// loop or the cooperative pool. The resolver shuts down when it is released; questions under way then fail.
public final class UnboundResolver: DNSResolver {
    private let worker: UnboundWorker
    private let timeout: Duration
    private let validation: UnboundConfiguration.Validation

    /// Starts a resolver.
    /// - Throws: ``DNSFailure/unavailable(_:)`` when libunbound refuses the configuration.
    public init(_ configuration: UnboundConfiguration = UnboundConfiguration()) throws(DNSFailure) {
        worker = try UnboundWorker(configuration)
        timeout = configuration.timeout
        validation = configuration.validation
    }

    deinit { worker.stop() }

    /// Asks for the records of one type; the cache answers when it can.
    public func query(_ name: DNSName, type: DNSRecordType) async throws(DNSFailure) -> DNSResponse {
        let id = worker.reserve()
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                worker.submit(id, name: name, type: type, timeout: timeout) { continuation.resume(returning: $0) }
                // A cancellation before this point came before the question, and found nothing.
                if Task.isCancelled { worker.cancel(id) }
            }
        } onCancel: {
            worker.cancel(id)
        }
        return try read(try outcome.get(), type: type)
    }

    private func read(_ answer: UnboundAnswer, type: DNSRecordType) throws(DNSFailure) -> DNSResponse {
        // RFC 1035 §4.1.1: 0 no error, 3 name error; any other code is a failure of the servers.
        if let why = answer.bogus { throw .bogus(why) }
        guard answer.responseCode == 0 || answer.responseCode == 3 else {
            throw .serverFailure(responseCode: answer.responseCode)
        }
        if validation == .required, !answer.isSecure { throw .notSigned }
        var response = DNSResponse(nameExists: answer.responseCode == 0, timeToLive: answer.timeToLive)
        response.security = answer.isSecure ? .secure : .insecure
        for wire in answer.data {
            do { response.records.append(try RecordData(type: type, wire: wire)) } catch {
                response.unreadable.append(error)
            }
        }
        return response
    }
}

/// What libunbound says, copied out of its memory.
struct UnboundAnswer: Sendable {
    var responseCode: Int
    var data: [[UInt8]]
    var isSecure: Bool
    var bogus: String?
    var timeToLive: Int
}
