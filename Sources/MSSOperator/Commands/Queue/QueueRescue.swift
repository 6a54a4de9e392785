public import MSSCore
import MSSSMTP
import MSSStore
public import MSSTraces

/// What a rescue of the queue found and did.
public struct QueueRescueReport: Sendable, Hashable, Codable {
    /// A message that cannot be delivered any more.
    public struct Lost: Sendable, Hashable, Codable {
        /// Its name.
        public var id: String
        /// When it arrived.
        public var arrival: String
        /// Octets.
        public var size: Int
        /// The domains where somebody still waited for it.
        public var domains: [String]
        /// Whether the envelope can be read: sender and recipients are known then.
        public var hasEnvelope: Bool
        /// Its sender; `nil` for a notice.
        public var sender: String?
        /// Who still waited for it.
        public var recipients: [String]

        enum CodingKeys: String, CodingKey {
            case id = "message"
            case arrival = "arrivee"
            case size = "octets"
            case domains = "domaines"
            case hasEnvelope = "enveloppe_lisible"
            case sender = "emetteur"
            case recipients = "destinataires"
        }
    }

    /// Whether the queue was damaged; otherwise nothing was done.
    public var wasDamaged = false
    /// Messages that wait now.
    public var messages = 0
    /// Messages that are lost.
    public var lost: [Lost] = []
    /// Places on the disk that are not what was written, in French.
    public var damages: [String] = []
    /// Where the damaged queue lies now.
    public var folder: String?
    /// Why the rescue could not be traced, in French, when it could not.
    public var untraced: String?

    enum CodingKeys: String, CodingKey {
        case wasDamaged = "endommagee"
        case messages
        case lost = "perdus"
        case damages = "dommages"
        case folder = "dossier_endommage"
        case untraced = "non_trace"
    }
}

/// Puts a damaged queue into service again with all that can be read, names what cannot, and keeps the damaged files. The
/// service must not run.
public struct QueueRescue: Sendable {
    let settings: OperatorSettings
    let clock: any WallClock

    /// A rescue for the operator of these settings.
    public init(_ settings: OperatorSettings, clock: any WallClock = SystemWallClock()) {
        self.settings = settings
        self.clock = clock
    }

    /// Does nothing to a queue that is sound. Otherwise the rescue is traced, and each lost message with what is known of
    /// it (EX_GDT_5040).
    ///
    /// - Parameter person: who decided it (EX_SSI_5155).
    /// - Throws: `StoreError`: `busy` while the service runs, `diskFull`; `TraceError` before anything was changed.
    public func run(by person: TracePerson) async throws -> QueueRescueReport {
        let layout = OperatorLayout(settings.data.folder)
        let master = try await OperatorNode.masterKey(settings.data)
        var report = QueueRescueReport()
        do {
            let spool = try await Spool.open(layout.queue, master: master, configuration: settings.data.spool)
            report.messages = spool.count
            await spool.close()
            return report
        } catch let error as StoreError where error.isDamage { report.wasDamaged = true }
        // First what may fail: a rescue that cannot be traced is not begun.
        let signer = try Identities.sealer(settings.traces, try Identities.load(settings.certificates))
        var configuration = settings.journal(clock)
        configuration.upkeepInterval = nil
        let traces = try await TraceStore.open(layout.traces, signer: signer, configuration: configuration)
        let salvage: SpoolSalvage
        do {
            let stamp = clock.now().shown.filter { $0 != "-" && $0 != ":" }
            let aside = "\(layout.queue).endommagee-\(stamp)"
            salvage = try await Spool.salvage(
                layout.queue, settingAside: aside, master: master, configuration: settings.data.spool)
            report.folder = aside
        } catch {
            try? await traces.close()
            throw error
        }
        report.messages = salvage.messages
        report.damages = salvage.notices.compactMap(\.damage)
        report.lost = salvage.lost.map { QueueRescueReport.Lost($0) }
        // It is done: who did it must read what was lost, whatever becomes of the traces.
        do {
            try await trace(salvage, report, person, in: traces)
            try await traces.close()
        } catch {
            try? await traces.close()
            report.untraced = FrenchReason.of(error)
        }
        return report
    }

    private func trace(
        _ salvage: SpoolSalvage, _ report: QueueRescueReport, _ person: TracePerson, in traces: TraceStore
    ) async throws {
        let author = TraceAuthor.administrator(person)
        let means = TraceMeans(software: "mss-operator", channel: "console")
        try await traces.record(
            TraceEvent(
                .handleQueue, by: author, means: means, request: "récupération de la file endommagée",
                changes: [
                    TraceChange("messages", before: nil, after: "\(report.messages)"),
                    TraceChange("perdus", before: nil, after: "\(report.lost.count)"),
                    TraceChange("dossier", before: nil, after: report.folder),
                ]))
        for lost in salvage.lost {
            var event = TraceEvent(
                .detectIncident, .failure, by: author, means: means,
                request: TraceText("message perdu : \(lost.summary.id.rawValue)"), reply: "illisible sur le disque")
            if let envelope = lost.envelope {
                event.message = TraceMessage(
                    identifier: lost.summary.id.rawValue, sender: envelope.sender,
                    recipients: envelope.recipients.map(\.address), size: lost.summary.size)
            }
            try await traces.record(event)
        }
    }
}

extension QueueRescueReport.Lost {
    fileprivate init(_ lost: SpoolSalvage.Lost) {
        self.init(
            id: lost.summary.id.rawValue, arrival: lost.summary.arrival.shown, size: lost.summary.size,
            domains: lost.summary.shares.map(\.destination), hasEnvelope: lost.envelope != nil,
            sender: lost.envelope?.sender?.text,
            recipients: lost.envelope?.recipients.map(\.address.text) ?? [])
    }
}

extension StoreError {
    /// Whether files are not what was written: what a rescue is for.
    var isDamage: Bool {
        switch self {
        case .damaged, .missing: true
        default: false
        }
    }
}

extension SpoolNotice {
    /// What is wrong at a place, in French; `nil` for what is none of a rescue's business.
    fileprivate var damage: String? {
        switch self {
        case .tornTail(let path, let offset, let bytes):
            "\(path) : fin d'écriture interrompue, \(bytes) octets après l'octet \(offset)"
        case .damaged(let path, let offset, let bytes):
            "\(path) : \(bytes) octets illisibles à partir de l'octet \(offset)"
        case .missing(let path): "\(path) : absent, ou illisible en entier"
        case .messageDamaged, .full, .unusable: nil
        }
    }
}
