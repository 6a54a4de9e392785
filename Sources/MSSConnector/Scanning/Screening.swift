public import MSSCore
import MSSMessage
import MSSSMTP
import NIOCore

/// What came of scanning a message.
enum Screened: Sendable {
    /// Nothing was found.
    case clean
    /// Not scanned, by the policy's leave: the field that says so stands before the message.
    case marked(String)
    /// Infected parts were replaced: the new message, and what was taken out.
    case cleaned([UInt8], [RemovedAttachment])
    /// Not to be taken.
    case refused(ExchangeRefusal)
}

/// An attachment that was taken out of a message.
struct RemovedAttachment: Sendable, Hashable {
    /// Its file name as the message gave it.
    var filename: String?
    /// What the scanner found in it.
    var findings: [String]
}

/// Scans messages before they are taken, in both directions, and applies the policy (EX_SSI_5090, EX_SSI_5120).
public struct Screening: Sendable {
    private let scanner: any MalwareScanner
    private let policy: ScreeningPolicy
    private let quarantine: (any Quarantine)?
    private let clock: any WallClock
    let events: EventHub

    /// Screening by a scanner.
    ///
    /// - Parameter quarantine: keeps what was blocked; `nil` keeps nothing.
    public init(
        scanner: any MalwareScanner, policy: ScreeningPolicy = ScreeningPolicy(), quarantine: (any Quarantine)? = nil,
        clock: any WallClock = SystemWallClock(), events: EventHub
    ) {
        self.scanner = scanner
        self.policy = policy
        self.quarantine = quarantine
        self.clock = clock
        self.events = events
    }

    /// The field of a message that could not be scanned.
    static let unscannedField = "X-Operateur-Antivirus: non-analyse\r\n"
    /// The field of a message that attachments were taken out of.
    static let cleanedField = "X-Operateur-Antivirus: piece-jointe-retiree\r\n"

    func screen(
        _ content: SMTPContent, id: DeliveryID, sender: MailAddress?, recipients: [MailAddress],
        metrics: ConnectorMetrics
    ) async -> Screened {
        let begin = ContinuousClock.now
        let verdict: ScanVerdict
        do throws(ScanFailure) {
            verdict = try await scanner.scan(content)
        } catch {
            events.send(.scanFailed(error, message: id))
            return unscanned(error)
        }
        metrics.scanned(in: ContinuousClock.now - begin)
        guard case .infected(let names) = verdict else { return .clean }
        metrics.infected()
        events.send(.malware(names, message: id, sender: sender))
        await setAside(content, id, sender, recipients, names)
        if policy.infected == .removeAttachments, let cleaned = await clean(content) { return cleaned }
        return .refused(.malware(names))
    }

    private func unscanned(_ failure: ScanFailure) -> Screened {
        switch failure == .tooLarge ? policy.tooLarge : policy.unavailable {
        case .postpone: .refused(.notScanned(isPermanent: false))
        case .refuse: .refused(.notScanned(isPermanent: true))
        case .deliverMarked: .marked(Screening.unscannedField)
        }
    }

    private func setAside(
        _ content: SMTPContent, _ id: DeliveryID, _ sender: MailAddress?, _ recipients: [MailAddress],
        _ names: [String]
    ) async {
        guard let quarantine else { return }
        let entry = QuarantineEntry(
            id: id.rawValue, time: clock.now(), message: id.rawValue, sender: sender, recipients: recipients,
            findings: names)
        do { try await quarantine.keep(content, entry) } catch {
            events.send(.quarantineFailed(message: id))
        }
    }

    /// The message without its infected attachments; `nil` when the infection cannot be taken out for sure.
    private func clean(_ content: SMTPContent) async -> Screened? {
        var bytes: [UInt8] = []
        guard (try? await content.forEachChunk({ bytes += $0.readableBytesView })) != nil else { return nil }
        let message = Message(bytes)
        var infected: [(part: MessagePart, removed: RemovedAttachment)] = []
        // Leaves only: what a multipart or a message holds is scanned leaf by leaf. The message itself cannot be left out.
        for part in message.parts where part.kind == .leaf && part.index != 0 {
            let verdict = try? await scanner.scan(SMTPContent(message.content(of: part)))
            guard let verdict else { return nil }
            if case .infected(let names) = verdict {
                infected.append((part, RemovedAttachment(filename: part.filename, findings: names)))
            }
        }
        guard !infected.isEmpty else { return nil }
        var result = Array(Screening.cleanedField.utf8)
        var position = 0
        for (part, removed) in infected {
            result += bytes[position..<part.range.lowerBound]
            guard let notice = try? RemovalNotice.part(removed) else { return nil }
            result += notice
            position = part.range.upperBound
        }
        result += bytes[position...]
        // What was found must be gone, whatever readers of MIME may disagree on.
        guard case .clean? = try? await scanner.scan(SMTPContent(result)) else { return nil }
        return .cleaned(result, infected.map(\.removed))
    }
}
