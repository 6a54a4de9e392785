public import Logging
public import MSSCore
import MSSTLS
import MSSXMLSignature

/// The whitelist of a connector: fetched daily, verified each time, kept on disk, always answering from the last
/// verified list (EX_2.2_5010, 5030, 5035, 5040).
///
/// Start ``run()`` in a task of its own. Lookups take no lock and wait for nothing.
public final class WhitelistService: Whitelist {
    /// What may be chosen.
    public struct Configuration: Sendable {
        /// What a list must satisfy beside the one in force.
        public var acceptance = WhitelistAcceptance()
        /// When to ask for the list.
        public var schedule = WhitelistSchedule()
        /// Without confirmation by the source for this long, an alert is raised after each failure.
        public var staleAfter: Duration = .seconds(48 * 3600)

        /// The default choices.
        public init() {}
    }

    private struct State {
        var record: WhitelistRecord?
        var lastFailure: (failure: WhitelistFailure, time: Timestamp)?
        var failureCount = 0
    }

    private let source: any WhitelistSource
    private let store: any WhitelistStore
    private let verifier: WhitelistVerifier
    private let configuration: Configuration
    private let clock: any WallClock
    private let logger: Logger
    private let sleep: @Sendable (Duration) async throws -> Void

    private let cell = SnapshotCell()
    private let state = Guarded(State())
    private let gate = Gate()
    private let broadcast = EventBroadcast<WhitelistEvent>()

    /// A service; nothing happens before ``run()``, ``loadCopy()`` or ``refresh(allowsShrinking:)``.
    ///
    /// - Parameter sleep: waits between fetches; tests pass their own.
    public init(
        source: any WhitelistSource, store: any WhitelistStore, verifier: WhitelistVerifier,
        configuration: Configuration = Configuration(), clock: any WallClock = SystemWallClock(),
        logger: Logger = Logger(label: "fr.mssante.whitelist"),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.source = source
        self.store = store
        self.verifier = verifier
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        self.sleep = sleep
    }

    // MARK: Lookups

    /// The list in force; `nil` before the first verified one.
    public var snapshot: WhitelistSnapshot? { cell.snapshot }

    /// The entries of a domain in the list in force.
    public func entries(for domain: Domain) -> WhitelistEntries { snapshot?.entries(for: domain) ?? WhitelistEntries() }

    /// The entries of a certificate name in the list in force.
    public func entries(for certificateName: DistinguishedName) -> WhitelistEntries {
        snapshot?.entries(for: certificateName) ?? WhitelistEntries()
    }

    /// Whether the holder of a certificate may speak for a domain, by the list in force.
    public func decide(_ certificateName: DistinguishedName, for domain: Domain) -> WhitelistDecision {
        snapshot?.decide(certificateName, for: domain) ?? .refused(.noList)
    }

    // MARK: State

    /// What happens from now on, for one subscriber.
    public func events() -> AsyncStream<WhitelistEvent> { broadcast.subscribe() }

    /// How fresh the list in force is now.
    public var status: WhitelistStatus {
        let now = clock.now()
        let count = snapshot?.diagnostics.count ?? 0
        return state.withLock { state in
            WhitelistStatus(
                record: state.record, age: state.record.map { now - $0.generated },
                sinceConfirmation: state.record.map { now - $0.confirmedAt }, diagnosticCount: count,
                lastFailure: state.lastFailure?.failure, lastFailureTime: state.lastFailure?.time,
                failureCount: state.failureCount)
        }
    }

    // MARK: Keeping the list

    /// Loads the local copy, then fetches the list at once and daily, until the task is cancelled.
    public func run() async {
        if snapshot == nil { await loadCopy() }
        var schedule = configuration.schedule
        while !Task.isCancelled {
            do { try await sleep(schedule.wait(at: clock.now())) } catch { return }
            let result = await refresh()
            guard !Task.isCancelled else { return }
            let random = Double.random(in: 0..<1)
            switch result {
            case .success: schedule.succeeded(at: clock.now(), random: random)
            case .failure: schedule.failed(at: clock.now(), random: random)
            }
        }
    }

    /// Puts in force the latest local copy that verifies now (RE_2.2_5010, EX_2.2_5035).
    ///
    /// A copy whose signer's certificate has expired since its download still serves, with an alert: it was verified
    /// when it came, and service must not stop.
    @discardableResult
    public func loadCopy() async -> Bool {
        await gate.enter()
        defer { gate.leave() }
        let copies: [any StoredWhitelist]
        do throws(WhitelistStorageError) { copies = try await store.copies() } catch {
            alert(.copyRefused(.storage(error), copy: ""))
            return false
        }
        for copy in copies {
            do throws(WhitelistFailure) {
                try await load(copy)
                return true
            } catch {
                alert(.copyRefused(error, copy: copy.label))
            }
        }
        return false
    }

    private func load(_ copy: any StoredWhitelist) async throws(WhitelistFailure) {
        let document: [UInt8]
        let record: WhitelistRecord?
        do throws(WhitelistStorageError) { (document, record) = try await copy.load() } catch {
            throw .storage(error)
        }
        let now = clock.now()
        var verified: VerifiedWhitelist
        do throws(WhitelistFailure) {
            verified = try await verifier.verify(document, at: now, revocation: .inMemory)
        } catch {
            guard error.isExpiredSigner, let record, record.verifiedAt <= now else { throw error }
            verified = try await verifier.verify(document, at: record.verifiedAt, revocation: .inMemory)
            alert(.signerExpired)
        }
        let candidate = WhitelistSnapshot(verified.content)
        if let fault = configuration.acceptance.firstFault(
            of: candidate, digest: verified.digest.bytes, replacing: snapshot,
            digest: state.withLock { $0.record?.digest }.flatMap { Fingerprint($0)?.bytes }, at: now)
        {
            throw .rejected(fault)
        }
        // A record of another document, or none: the copy itself was verified, its confirmation is not known.
        let known = record?.digest == verified.digest.hexadecimal ? record : nil
        install(
            candidate,
            WhitelistRecord(
                verified, confirmedAt: known?.confirmedAt ?? verified.content.generated,
                validators: known?.validators), from: .store)
    }

    /// Fetches the list once, verifies it, and puts it in force when it may replace the one in force.
    ///
    /// - Parameter allowsShrinking: an administrator accepts a list that is much smaller than the one in force.
    /// - Returns: what became of it; after a failure the list in force is what it was.
    @discardableResult
    public func refresh(allowsShrinking: Bool = false) async -> Result<WhitelistRefresh, WhitelistFailure> {
        await gate.enter()
        defer { gate.leave() }
        do throws(WhitelistFailure) {
            let refresh = try await fetchOnce(allowsShrinking: allowsShrinking)
            state.withLock { state in
                state.lastFailure = nil
                state.failureCount = 0
            }
            return .success(refresh)
        } catch {
            // A cancelled fetch says nothing of the list.
            if !Task.isCancelled { note(error) }
            return .failure(error)
        }
    }

    private func fetchOnce(allowsShrinking: Bool) async throws(WhitelistFailure) -> WhitelistRefresh {
        let current = state.withLock { $0.record }
        let fetch: WhitelistFetch
        do throws(WhitelistFetchFailure) {
            fetch = try await source.fetch(unlike: snapshot == nil ? nil : current?.validators)
        } catch { throw .fetch(error) }
        switch fetch {
        case .unchanged:
            await confirm(current, validators: current?.validators)
            return .unchanged
        case .document(let document, let validators):
            let now = clock.now()
            let verified = try await verifier.verify(document, at: now)
            if verified.signer.revocation.isSoftFailed { alert(.revocationUnknown) }
            if let current, current.digest == verified.digest.hexadecimal, snapshot != nil {
                await confirm(current, validators: validators)
                return .unchanged
            }
            let candidate = WhitelistSnapshot(verified.content)
            if let fault = configuration.acceptance.firstFault(
                of: candidate, digest: verified.digest.bytes, replacing: snapshot,
                digest: current.flatMap { Fingerprint($0.digest)?.bytes }, at: now, allowsShrinking: allowsShrinking)
            {
                throw .rejected(fault)
            }
            let record = WhitelistRecord(verified, confirmedAt: now, validators: validators)
            // On disk before in force: a restart never goes back to an older list than the one that answered.
            do throws(WhitelistStorageError) { try await store.save(document, record) } catch {
                alert(.notStored(error))
            }
            return .installed(install(candidate, record, from: .source))
        }
    }

    private func confirm(_ current: WhitelistRecord?, validators: WhitelistValidators?) async {
        let now = clock.now()
        if var record = current {
            record.confirmedAt = now
            record.validators = validators
            state.withLock { $0.record = record }
            do throws(WhitelistStorageError) { try await store.update(record) } catch { alert(.notStored(error)) }
        }
        broadcast.send(.confirmed(at: now))
    }

    @discardableResult
    private func install(
        _ candidate: WhitelistSnapshot, _ record: WhitelistRecord, from origin: WhitelistEvent.Origin
    ) -> [WhitelistChange] {
        let changes = snapshot.map { candidate.changes(since: $0) } ?? []
        cell.replace(by: candidate)
        state.withLock { $0.record = record }
        logger.info(
            "whitelist in force",
            metadata: [
                "generated": "\(candidate.generated)", "domains": "\(candidate.domainCount)",
                "changes": "\(changes.count)", "diagnostics": "\(candidate.diagnostics.count)",
            ])
        broadcast.send(.installed(candidate, from: origin, changes: changes))
        return changes
    }

    private func note(_ failure: WhitelistFailure) {
        let now = clock.now()
        let confirmedAt = state.withLock { state in
            state.lastFailure = (failure, now)
            state.failureCount += 1
            return state.record?.confirmedAt
        }
        alert(.refused(failure))
        if confirmedAt.map({ now - $0 > configuration.staleAfter }) ?? true { alert(.stale(confirmedAt: confirmedAt)) }
    }

    private func alert(_ cause: WhitelistAlert.Cause) {
        let alert = WhitelistAlert(cause: cause, time: clock.now())
        logger.warning("\(alert)")
        broadcast.send(.alert(alert))
    }
}

/// What became of a fetch that succeeded.
public enum WhitelistRefresh: Sendable, Hashable {
    /// The list published is the one in force.
    case unchanged
    /// A new list is in force; what changed (nothing to tell for the first one).
    case installed([WhitelistChange])
}

extension WhitelistFailure {
    fileprivate var isExpiredSigner: Bool {
        switch self {
        case .signature(let failure): failure.reason == .signerExpired
        case .signerCertificate(.expired): true
        default: false
        }
    }
}

extension WhitelistRecord {
    fileprivate init(_ verified: VerifiedWhitelist, confirmedAt: Timestamp, validators: WhitelistValidators?) {
        self.init(
            digest: verified.digest.hexadecimal, generated: verified.content.generated,
            verifiedAt: verified.verifiedAt, confirmedAt: confirmedAt, signer: verified.signerName.rfc4514,
            signerFingerprint: verified.signer.certificate.sha256Fingerprint.hexadecimal,
            domainCount: verified.content.keys.domains.count, validators: validators)
    }
}
