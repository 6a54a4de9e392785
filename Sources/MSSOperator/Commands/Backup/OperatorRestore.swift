import MSSAccounts
import MSSConnector
public import MSSCore
import MSSStore
import MSSTLS
public import MSSTraces

/// What a restore found in what it restored.
public struct RestoreReport: Sendable, Hashable, Codable {
    /// Files copied and compared with their digests.
    public var files = 0
    /// Their bytes.
    public var bytes: Int64 = 0
    /// Messages on their way: they are delivered again.
    public var waiting = 0
    /// Messages in mailboxes, every one decrypted.
    public var messages = 0
    /// Mailboxes in the base of accounts, deleted ones apart.
    public var mailboxes = 0
    /// Persons enrolled for the operator's own method, every one decrypted.
    public var credentials = 0
    /// Traces, their chain and seals verified.
    public var traces = 0
    /// Messages in quarantine.
    public var quarantine = 0
    /// What is wrong, in French; empty when everything is as it was.
    public var findings: [String] = []

    /// Whether everything is as it was.
    public var isSound: Bool { findings.isEmpty }
}

/// Makes a data folder of a backup, and opens and verifies everything in it: a backup is worth what its last restore was
/// (EX_SSI_5110).
public struct OperatorRestore: Sendable {
    let settings: OperatorSettings
    let clock: any WallClock

    /// A restore for the operator of these settings: their master key opens the stores, their certificate seals the trace.
    public init(_ settings: OperatorSettings, clock: any WallClock = SystemWallClock()) {
        self.settings = settings
        self.clock = clock
    }

    /// Restores to an empty or missing folder.
    ///
    /// - Parameters:
    ///   - folder: a folder for a test; `nil` for the data folder of the settings, and then the restore is traced in the
    ///     restored journal.
    ///   - person: who decided it.
    public func run(_ backup: String, to folder: String? = nil, by person: TracePerson) async throws -> RestoreReport {
        let layout = OperatorLayout(folder ?? settings.data.folder)
        let content = try await BackupList.restore(backup, to: layout.root)
        var report = RestoreReport()
        (report.files, report.bytes) = (content.files, content.bytes)
        let master = try await OperatorNode.masterKey(settings.data)
        try await stores(layout, master, isFinal: folder == nil, &report)
        try await journal(layout, backup, person, isFinal: folder == nil, &report)
        return report
    }

    private func stores(
        _ layout: OperatorLayout, _ master: StoreMasterKey, isFinal: Bool, _ report: inout RestoreReport
    ) async throws {
        let spool = try await Spool.open(layout.queue, master: master, configuration: settings.data.spool)
        report.waiting = spool.count
        await spool.close()
        let mail = try await MailStore.open(layout.mail, master: master, configuration: settings.data.mail)
        let verified = try await mail.verify()
        // Messages that came after the backup had numbers that new ones will have again.
        if isFinal { try await mail.renewValidities(at: clock.now()) }
        await mail.close()
        report.messages = verified.messages
        report.findings += verified.findings.map { "Courrier : \($0)" }
        let repository = try SQLiteAccountRepository(path: layout.accounts)
        var last = MailboxID(0)
        while let end = try await repository.read({ [last] reader in
            let page = try reader.mailboxes(after: last, limit: 500)
            return page.last.map { ($0.id, page.count(where: \.exists)) }
        }) {
            last = end.0
            report.mailboxes += end.1
        }
        try await repository.close()
        let credentials = try await SealedCredentials.open(layout.credentials, master: master)
        let held = try await credentials.verify()
        report.credentials = held.count
        report.findings += held.damaged.map { "Accès : l'inscription de \($0) ne s'ouvre pas" }
        await credentials.close()
        let ledgers = try await SQLiteLedgers.open(layout.ledgerFile)
        if let damaged = ledgers.replaced { report.findings.append("Registres endommagés, refaits : \(damaged)") }
        await ledgers.close()
        let quarantine = try await SealedQuarantine.open(
            layout.quarantine, master: master, configuration: settings.data.quarantine)
        report.quarantine = try await quarantine.entries().count
        report.findings += quarantine.damaged.map { "Quarantaine : \($0) est endommagé" }
        await quarantine.close()
    }

    private func journal(
        _ layout: OperatorLayout, _ backup: String, _ person: TracePerson, isFinal: Bool, _ report: inout RestoreReport
    ) async throws {
        let identities = try Identities.load(settings.certificates)
        let signer = try Identities.sealer(settings.traces, identities)
        let result = await TraceVerifier(folder: layout.traces, certificates: [signer.certificate]).verify()
        report.traces = result.records
        report.findings += result.findings.filter(\.isAlarm).map { "Traces : \($0.explanation)" }
        guard isFinal, result.isSound else { return }
        // Anchors know of traces that the backup has not: who restores accepts that, by name, in the journal itself.
        let reason = "restauration de la sauvegarde \(backup)"
        var configuration = settings.journal(clock)
        configuration.upkeepInterval = nil
        configuration.recovery = .acceptLoss(by: person, reason: reason)
        let store = try await TraceStore.open(layout.traces, signer: signer, configuration: configuration)
        do {
            try await store.record(
                TraceEvent(
                    .changeConfiguration, by: .administrator(person),
                    means: TraceMeans(software: "mss-operator", channel: "console"), request: TraceText(reason),
                    changes: [
                        TraceChange("fichiers", before: nil, after: "\(report.files)"),
                        TraceChange("messages", before: nil, after: "\(report.messages)"),
                        TraceChange("traces", before: nil, after: "\(report.traces)"),
                    ]))
        } catch {
            try? await store.close()
            throw error
        }
        try await store.close()
    }
}
