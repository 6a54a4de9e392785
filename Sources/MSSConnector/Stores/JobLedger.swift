public import MSSCore

/// What is known of a job of the scheduler.
public struct JobRecord: Sendable, Hashable {
    /// The job's name.
    public var job: String
    /// The appointed time of the last run that succeeded; `nil` before the first.
    public var lastDone: Timestamp?
    /// Failures in a row since then.
    public var failures: Int
    /// Not before this time: after a failure, or while a run is under way (then nobody else begins one).
    public var notBefore: Timestamp?

    /// A record.
    public init(job: String, lastDone: Timestamp? = nil, failures: Int = 0, notBefore: Timestamp? = nil) {
        self.job = job
        self.lastDone = lastDone
        self.failures = failures
        self.notBefore = notBefore
    }
}

/// Remembers when jobs ran, for every process that may run them.
public protocol JobLedger: Sendable {
    /// What is known of a job; a job never seen has an empty record.
    func record(of job: String) async throws -> JobRecord

    /// Replaces a record, but only if it still is what the caller last saw: of several processes one begins a run.
    ///
    /// - Returns: whether it was replaced.
    func replace(_ old: JobRecord, by new: JobRecord) async throws -> Bool
}

/// A ledger in memory: for tests.
public actor InMemoryJobLedger: JobLedger {
    private var records: [String: JobRecord] = [:]

    /// An empty ledger, or one with these records.
    public init(_ records: [JobRecord] = []) {
        for record in records { self.records[record.job] = record }
    }

    /// What is known of a job.
    public func record(of job: String) -> JobRecord { records[job] ?? JobRecord(job: job) }

    /// Replaces a record if it is still the same.
    public func replace(_ old: JobRecord, by new: JobRecord) -> Bool {
        guard record(of: old.job) == old else { return false }
        records[new.job] = new
        return true
    }
}
