/// Where something listens or is reached.
public enum SettingsAddress: Sendable, Hashable {
    /// A TCP port.
    case tcp(host: String, port: Int)
    /// A socket in the file system.
    case unix(path: String)
    /// A socket that systemd passes, by its `FileDescriptorName=`.
    case systemd(name: String)

    /// Reads `host:port`, `[::1]:port`, a path, or `systemd:name`.
    init?(_ text: String, folder: String = "") {
        if text.hasPrefix("systemd:") {
            let name = text.dropFirst("systemd:".count)
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x3A }) else { return nil }
            self = .systemd(name: String(name))
            return
        }
        if text.contains("/") {
            // sun_path holds 108 octets, the last one NUL (unix(7)).
            let path = text.hasPrefix("/") || folder.isEmpty ? text : "\(folder)/\(text)"
            guard path.utf8.count < 108 else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains(" ") else { return nil }
        self = .tcp(host: String(host), port: port)
    }

    /// The form in the file.
    public var text: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        case .systemd(let name): "systemd:\(name)"
        }
    }

    /// Whether only this machine reaches it.
    var isLocal: Bool {
        switch self {
        case .tcp(let host, _): host == "localhost" || host == "::1" || host.hasPrefix("127.")
        case .unix, .systemd: true
        }
    }
}

/// A time of the operator's day.
public struct SettingsTime: Sendable, Hashable {
    /// 0 to 23.
    public var hour: Int
    /// 0 to 59.
    public var minute: Int

    /// A time.
    public init(hour: Int, minute: Int) {
        self.hour = hour
        self.minute = minute
    }

    init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...2).contains($0.utf8.count) }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), (0...23).contains(hour), (0...59).contains(minute)
        else { return nil }
        self.init(hour: hour, minute: minute)
    }

    var text: String { "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)" }
}

/// Units of durations and sizes.
enum SettingsUnits {
    private static let durations: [(unit: String, milliseconds: Int64)] = [
        ("j", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// The longest unit that the duration is a whole number of.
    static func duration(_ value: Duration) -> String {
        let parts = value.components
        let total = parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000
        guard total > 0 else { return "0s" }
        let fit = durations.first { total % $0.milliseconds == 0 } ?? ("ms", 1)
        return "\(total / fit.milliseconds)\(fit.unit)"
    }

    static func duration(_ text: String) -> Duration? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text[digits.endIndex...].drop { $0 == " " }
        guard let number = Int64(digits), let found = durations.first(where: { $0.unit == unit }) else { return nil }
        let (milliseconds, isTooMuch) = number.multipliedReportingOverflow(by: found.milliseconds)
        return isTooMuch ? nil : .milliseconds(milliseconds)
    }

    private static let sizes: [(unit: String, octets: Int)] = [
        ("Gio", 1 << 30), ("Go", 1_000_000_000), ("Mio", 1 << 20), ("Mo", 1_000_000), ("Kio", 1 << 10), ("ko", 1000),
        ("", 1),
    ]

    static func size(_ value: Int) -> String {
        guard value > 0 else { return "\(value)" }
        let fit = sizes.first { value % $0.octets == 0 } ?? ("", 1)
        return "\(value / fit.octets)\(fit.unit)"
    }

    static func size(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text[digits.endIndex...].drop { $0 == " " }
        guard let number = Int(digits), let found = sizes.first(where: { $0.unit == unit }) else { return nil }
        let (octets, isTooMuch) = number.multipliedReportingOverflow(by: found.octets)
        return isTooMuch ? nil : octets
    }
}
