public import MSSCore

/// How a store writes.
public struct TraceConfiguration: Sendable {
    /// The version of the Référentiel: subjects are kept under 1.6 and dropped under 1.7 (EX_GDT_5050).
    public var version: ReferentialVersion
    /// What becomes of patients' addresses; by default nobody learns from a trace who wrote to which patient.
    public var patientAddresses: PatientAddressHandling
    /// A segment is closed and sealed beyond this size in bytes, and at the end of each day (UTC).
    public var segmentSize: Int
    /// A segment is also sealed this long after its first record: what was written since the last seal is proven by
    /// anchors alone. `nil`: when it is full and daily.
    public var sealInterval: Duration?
    /// How often the store looks whether a seal or an anchor is due although nobody records; `nil` for never: then
    /// ``TraceStore/seal()`` is for the caller to call.
    public var upkeepInterval: Duration?
    /// The clock, which must be synchronised (EX_GDT_5040).
    public var clock: any WallClock
    /// Where heads are anchored beside the store.
    public var anchors: [any TraceAnchor]
    /// How long an anchor may stay behind, ``upkeepInterval`` apart.
    public var anchorInterval: Duration
    /// What to do about a journal that lost something.
    public var recovery: TraceRecovery
    /// Told of everything unusual, on the store's own thread.
    public var onNotice: @Sendable (TraceNotice) -> Void

    /// Segments hold up to 4 GiB: offsets in the index have 32 bits.
    static let segmentSizes = 4096...(3 << 30)

    /// The configuration of a store.
    public init(
        version: ReferentialVersion = .v1_6, patientAddresses: PatientAddressHandling = .redacted,
        segmentSize: Int = 64 << 20, sealInterval: Duration? = nil, upkeepInterval: Duration? = .seconds(1),
        clock: any WallClock = SystemWallClock(), anchors: [any TraceAnchor] = [],
        anchorInterval: Duration = .seconds(1), recovery: TraceRecovery = .refuse,
        onNotice: @escaping @Sendable (TraceNotice) -> Void = { _ in }
    ) {
        self.version = version
        self.patientAddresses = patientAddresses
        self.segmentSize = min(
            max(segmentSize, TraceConfiguration.segmentSizes.lowerBound), TraceConfiguration.segmentSizes.upperBound)
        self.sealInterval = sealInterval
        self.upkeepInterval = upkeepInterval.map { max($0, .milliseconds(10)) }
        self.clock = clock
        self.anchors = anchors
        self.anchorInterval = anchorInterval
        self.recovery = recovery
        self.onNotice = onNotice
    }

    /// The event as it may be kept.
    func admitted(_ event: TraceEvent) -> TraceEvent {
        var event = event
        switch version {
        case .v1_6: break
        case .v1_7draft: event.message?.subject = nil
        }
        return patientAddresses == .redacted ? event.withoutPatientIdentities : event
    }
}

/// What to do when records that were announced as durable are damaged or gone.
public enum TraceRecovery: Sendable, Hashable {
    /// Refuse to open, naming what is wrong.
    case refuse
    /// Set what is damaged aside, go on, and trace who decided it and why.
    case acceptLoss(by: TracePerson, reason: String)
}

/// Something unusual that did not stop the store.
public enum TraceNotice: Sendable, Hashable {
    /// Bytes after the last whole record, never announced as durable, were moved to a file.
    case tailSetAside(TraceFamily, bytes: Int, path: String)
    /// Records announced as durable are lost; an administrator accepted it.
    case lossAccepted(TraceFamily, after: UInt64)
    /// The clock went back.
    case clockWentBack(from: Timestamp, to: Timestamp)
    /// A segment could not be sealed; it stays open and sealing is tried again.
    case sealPostponed(TraceFamily, segment: UInt64)
    /// An anchor did not take a head.
    case anchorFailed(TraceFamily)
    /// A search index was missing or damaged and was made anew from the segment.
    case indexRebuilt(TraceFamily, segment: UInt64, reason: IndexFault)
    /// A batch of traces was not written; its authors were told.
    case writeFailed(TraceFamily, TraceError)
}

/// Where a trace stands, once it is durable.
public struct TraceReceipt: Sendable, Hashable {
    /// The journal.
    public let family: TraceFamily
    /// The number of the record.
    public let sequence: UInt64
    /// The digest of the record.
    public let digest: TraceDigest
}
