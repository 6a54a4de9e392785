public import MSSCore

/// Fetches CRLs on a schedule and gives them to a ``CRLStore`` (EX_OPE_5050).
///
/// One URL, one loop: an authority that does not answer holds back no other. Call ``run()`` in a task of its own and
/// cancel it to stop.
public actor CRLRefresher {
    /// What is known of one source.
    public struct SourceStatus: Sendable, Hashable {
        /// When a list was last obtained, or confirmed unchanged.
        public var lastSuccess: Timestamp?
        /// Fetches that failed since.
        public var failures = 0
        /// Why the last one failed.
        public var lastError: String?
        /// `nextUpdate` of the list obtained.
        public var nextUpdate: Timestamp?
    }

    /// How a fetch ended.
    public enum Outcome: Sendable, Hashable {
        /// A new list is in force.
        case installed
        /// The list held is the latest.
        case unchanged
        /// Nothing usable came; the list held stays in force.
        case failed
    }

    private let store: CRLStore
    private let urls: [String]
    private let transport: any HTTPTransport
    private let schedule: CRLRefreshSchedule
    private let clock: any WallClock
    private let timeout: Duration
    private let alert: @Sendable (RevocationAlert) -> Void
    private let sleep: @Sendable (Duration) async throws -> Void
    private var statuses: [String: SourceStatus] = [:]
    private var validators: [String: [HTTPField]] = [:]

    /// A refresher.
    ///
    /// - Parameters:
    ///   - urls: where the lists are, complete ones before the deltas that complete them.
    ///   - timeout: for one fetch.
    ///   - sleep: waits between fetches; tests give their own.
    ///   - alert: told of each failure, on any thread; must not block.
    public init(
        store: CRLStore, urls: [String], transport: any HTTPTransport,
        schedule: CRLRefreshSchedule = CRLRefreshSchedule(), clock: any WallClock = SystemWallClock(),
        timeout: Duration = .seconds(120),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        alert: @escaping @Sendable (RevocationAlert) -> Void = { _ in }
    ) {
        self.store = store
        var seen: Set<String> = []
        self.urls = urls.filter { seen.insert($0).inserted }
        self.transport = transport
        self.schedule = schedule
        self.clock = clock
        self.timeout = timeout
        self.sleep = sleep
        self.alert = alert
    }

    /// The addresses that certificates of a trust store name for CRLs, complete ones first.
    public static func urls(namedBy certificates: [Certificate]) -> [String] {
        func addresses(_ points: [CRLDistributionPoint]) -> [String] {
            points.filter { !$0.isIndirect && !$0.hasReasons }.compactMap(\.webAddresses.first)
        }
        let complete = certificates.flatMap { addresses($0.crlDistributionPoints) }
        let deltas = certificates.flatMap { addresses($0.freshestCRL) }
        var seen: Set<String> = []
        return (complete + deltas).filter { seen.insert($0).inserted }
    }

    /// What is known of each source, for supervision.
    public var status: [String: SourceStatus] { statuses }

    /// Fetches every list once, in order, then each on its schedule until the task is cancelled.
    public func run() async {
        await refreshAll()
        await withTaskGroup(of: Void.self) { group in
            for url in urls {
                group.addTask { await self.loop(url) }
            }
        }
    }

    /// Fetches every list now, in order.
    @discardableResult
    public func refreshAll() async -> [String: Outcome] {
        var outcomes: [String: Outcome] = [:]
        for url in urls where !Task.isCancelled { outcomes[url] = await refresh(url) }
        return outcomes
    }

    private func loop(_ url: String) async {
        while !Task.isCancelled {
            let status = statuses[url] ?? SourceStatus()
            let wait = schedule.wait(
                at: clock.now(), nextUpdate: status.nextUpdate, failures: status.failures,
                random: Double.random(in: 0...1))
            do { try await sleep(wait) } catch { return }
            _ = await refresh(url)
        }
    }

    /// Fetches one list now.
    @discardableResult
    public func refresh(_ url: String) async -> Outcome {
        let request = HTTPRequest(
            .get, url: url,
            headers: [HTTPField("accept", "application/pkix-crl, */*;q=0.1")] + (validators[url] ?? []),
            maximumResponseBytes: CertificateRevocationList.maximumBytes, timeout: timeout)
        let response: HTTPResponse
        do {
            response = try await transport.send(request)
        } catch {
            return failed(url, "\(error)", .crlNotFetched(url: url, reason: "\(error)"))
        }
        switch response.status {
        case 304 where validators[url] != nil: return succeeded(url, nextUpdate: statuses[url]?.nextUpdate, .unchanged)
        case 200: break
        default:
            let reason = "HTTP status \(response.status)"
            return failed(url, reason, .crlNotFetched(url: url, reason: reason))
        }
        let (store, time, body) = (store, clock.now(), response.body)
        // Verifying takes milliseconds, writing waits for the disk.
        let result = await offPool { Self.install(body, in: store, at: time) }
        switch result {
        case .success(let (installation, nextUpdate)):
            validators[url] = Self.validators(of: response)
            return succeeded(url, nextUpdate: nextUpdate, installation == .installed ? .installed : .unchanged)
        case .failure(let error):
            validators[url] = nil
            return failed(url, error.description, .crlRefused(url: url, error))
        }
    }

    private nonisolated static func install(
        _ body: [UInt8], in store: CRLStore, at time: Timestamp
    ) -> Result<(CRLStore.Installation, Timestamp), CRLError> {
        do throws(CRLError) {
            let list = try CertificateRevocationList(der: try CRLStore.der(of: body))
            return .success((try store.install(list, at: time), list.nextUpdate))
        } catch {
            return .failure(error)
        }
    }

    private static func validators(of response: HTTPResponse) -> [HTTPField] {
        var fields: [HTTPField] = []
        if let tag = response.header("etag") { fields.append(HTTPField("if-none-match", tag)) }
        if let date = response.header("last-modified") { fields.append(HTTPField("if-modified-since", date)) }
        return fields
    }

    private func succeeded(_ url: String, nextUpdate: Timestamp?, _ outcome: Outcome) -> Outcome {
        statuses[url] = SourceStatus(lastSuccess: clock.now(), failures: 0, lastError: nil, nextUpdate: nextUpdate)
        return outcome
    }

    private func failed(_ url: String, _ reason: String, _ event: RevocationAlert) -> Outcome {
        var status = statuses[url] ?? SourceStatus()
        status.failures += 1
        status.lastError = reason
        statuses[url] = status
        alert(event)
        return .failed
    }
}
