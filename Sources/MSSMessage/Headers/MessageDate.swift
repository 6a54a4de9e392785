public import MSSCore

/// A date of a message header: the moment, and the zone in which it was written (RFC 5322 §3.3).
public struct MessageDate: Hashable, Sendable {
    /// The moment.
    public var timestamp: Timestamp
    /// Minutes east of Greenwich; `nil` when the zone was unknown (`-0000`, an unknown name, none).
    public var zoneMinutes: Int?

    /// A date; by default written in UTC.
    public init(_ timestamp: Timestamp, zoneMinutes: Int? = 0) {
        self.timestamp = timestamp
        self.zoneMinutes = zoneMinutes
    }

    /// The date as RFC 5322 §3.3 writes it, for example `Tue, 1 Jul 2003 10:52:37 +0200`.
    public var rfc5322: String {
        let zone = zoneMinutes ?? 0
        let local = timestamp.civil(offsetSeconds: max(-86_400, min(zone * 60, 86_400)))
        let magnitude = abs(zone)
        // RFC 5322 §3.3: "-0000" says that nothing is known of the local zone.
        let sign = zoneMinutes == nil || zone < 0 ? "-" : "+"
        return Self.dayNames[local.weekday.rawValue - 1] + ", \(local.day) " + Self.monthNames[local.month - 1] + " "
            + digits(local.year, 4) + " " + digits(local.hour, 2) + ":" + digits(local.minute, 2) + ":"
            + digits(local.second, 2) + " " + sign + digits(magnitude / 60, 2) + digits(magnitude % 60, 2)
    }

    private static let dayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let monthNames = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}

private func digits(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}
