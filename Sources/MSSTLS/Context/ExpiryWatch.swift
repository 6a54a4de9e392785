public import MSSCore

/// EX_SSI_5085: tells which certificates must be renewed, before they expire.
public enum ExpiryWatch {
    /// When to warn: days left before expiry. IGC-Santé certificates last three years; renewal goes through a manual
    /// order and the whitelist, so the first warning comes two months ahead.
    public static let defaultDays = [60, 30, 15, 7, 3, 2, 1, 0]

    /// The certificates that have passed a warning, the most urgent first.
    ///
    /// - Parameters:
    ///   - certificates: what the entry points expose, with any label that an administrator knows them by.
    ///   - time: the present.
    ///   - days: the warnings, in whole days left; a certificate is reported with the smallest one it has passed.
    public static func warnings(
        for certificates: [(label: String, certificate: Certificate)], at time: Timestamp,
        days: [Int] = defaultDays
    ) -> [ExpiryWarning] {
        certificates.compactMap { label, certificate in
            let left = certificate.notAfter - time
            let passed = left < .zero ? -1 : days.filter { left <= .seconds($0 * 86_400) }.min()
            return passed.map { threshold in
                ExpiryWarning(
                    label: label, fingerprint: certificate.sha256Fingerprint, notAfter: certificate.notAfter,
                    threshold: threshold, timeLeft: left)
            }
        }
        .sorted { ($0.notAfter, $0.label) < ($1.notAfter, $1.label) }
    }

    /// Looks at the certificates at once and then every `interval`, until the task is cancelled, and reports each
    /// warning once: when a certificate passes a threshold, not at each look.
    ///
    /// - Parameters:
    ///   - certificates: read at each look, so that a renewed certificate counts from its reload.
    ///   - report: called once for each new warning.
    public static func run(
        every interval: Duration = .seconds(3_600), days: [Int] = defaultDays,
        clock: any WallClock = SystemWallClock(), certificates: @Sendable () async -> [(String, Certificate)],
        report: @Sendable (ExpiryWarning) async -> Void
    ) async throws {
        var reported: Set<Reported> = []
        while true {
            for warning in warnings(for: await certificates(), at: clock.now(), days: days)
            where reported.insert(Reported(warning)).inserted {
                await report(warning)
            }
            try await Task.sleep(for: interval)
        }
    }

    private struct Reported: Hashable {
        var label: String
        var fingerprint: Fingerprint
        var threshold: Int

        init(_ warning: ExpiryWarning) {
            label = warning.label
            fingerprint = warning.fingerprint
            threshold = warning.threshold
        }
    }
}

/// A certificate that must be renewed (EX_SSI_5085).
public struct ExpiryWarning: Sendable, Hashable {
    /// What the administrator knows the certificate by.
    public let label: String
    /// SHA-256 of the certificate.
    public let fingerprint: Fingerprint
    /// When it expires.
    public let notAfter: Timestamp
    /// The warning passed, in days left; −1 once expired.
    public let threshold: Int
    /// The time left; negative once expired.
    public let timeLeft: Duration

    /// One French sentence for the administrator.
    public var explanation: String {
        guard timeLeft >= .zero else {
            return "Le certificat « \(label) » a expiré : les échanges de ce point d'entrée sont refusés."
        }
        let days = timeLeft.components.seconds / 86_400
        return switch days {
        case 0: "Le certificat « \(label) » expire dans moins d'un jour : il doit être renouvelé."
        case 1: "Le certificat « \(label) » expire dans 1 jour : il doit être renouvelé."
        default: "Le certificat « \(label) » expire dans \(days) jours : il doit être renouvelé."
        }
    }
}
