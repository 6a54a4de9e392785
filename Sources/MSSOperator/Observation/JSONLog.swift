import Glibc
public import Logging
public import MSSCore
import MSSTraces

/// The level of the process's log lines, which a reload may change.
final class LogLevel: Sendable {
    static let shared = LogLevel()

    private let level = Guarded(Logger.Level.info)

    var current: Logger.Level { level.withLock { $0 } }
    func set(_ new: Logger.Level) { level.withLock { $0 = new } }
}

/// Log lines as JSON, one object a line, on standard error.
///
/// Each value goes through the rules of traces: credentials are masked, and numbers that could be a patient's (INS) are
/// replaced. A message's name stands under `message` in every line of its life.
public struct JSONLogHandler: LogHandler {
    /// Values of every line.
    public var metadata: Logger.Metadata = [:]
    /// Where values of the context come from.
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let clock: any WallClock
    private let write: @Sendable ([UInt8]) -> Void

    /// The least serious line written: the process's, unless set for this logger.
    public var logLevel: Logger.Level {
        get { own ?? LogLevel.shared.current }
        set { own = newValue }
    }
    private var own: Logger.Level?

    /// A handler; for `LoggingSystem.bootstrap`.
    public init(label: String) {
        self.init(label: label, clock: SystemWallClock()) { JSONLogHandler.toStandardError($0) }
    }

    /// A handler that hands lines, each with its line end, to `write`.
    public init(label: String, clock: any WallClock, write: @escaping @Sendable ([UInt8]) -> Void) {
        self.label = label
        self.clock = clock
        self.write = write
    }

    /// A value of every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Sets the level of the process's lines.
    public static func setLevel(_ level: Logger.Level) { LogLevel.shared.set(level) }

    /// Writes one line.
    public func log(event: LogEvent) {
        var line = "{"
        line += "\"temps\":\(JSONText.quoted(clock.now().xsdDateTime))"
        line += ",\"niveau\":\"\(event.level.rawValue)\""
        line += ",\"source\":\(JSONText.quoted(label))"
        line += ",\"texte\":\(JSONText.quoted(LogRedaction.clean(event.message.description)))"
        var values = metadata
        if let provided = metadataProvider?.get() { values.merge(provided) { _, new in new } }
        if let given = event.metadata { values.merge(given) { _, new in new } }
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            line += ",\(JSONText.quoted(key)):\(JSONText.quoted(LogRedaction.clean("\(value)")))"
        }
        write(Array("\(line)}\n".utf8))
    }

    private static func toStandardError(_ line: [UInt8]) {
        // One write for each line: lines of several threads do not mix (pipe(7): up to PIPE_BUF).
        var rest = line[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}

/// What must not stand in a log line.
enum LogRedaction {
    /// Masks credentials, and numbers of 15 digits or more: an INS is a patient's identity (EX_GDT_5050).
    static func clean(_ text: String) -> String {
        if isName(text) { return text }
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        // A word alone is the name of something here, and no answer of a SASL exchange, as it would be in a trace.
        let text =
            line.contains(" ") ? TraceText(line).text : String(TraceText("- \(line)").text.dropFirst(2))
        var result: [UInt8] = []
        var digits: [UInt8] = []
        func flush() {
            if digits.count >= 15 { result += Array("***".utf8) } else { result += digits }
            digits = []
        }
        for byte in text.utf8 {
            if 0x30...0x39 ~= byte {
                digits.append(byte)
            } else {
                flush()
                result.append(byte)
            }
        }
        flush()
        return String(decoding: result, as: UTF8.self)
    }

    /// Whether a text is one word of letters, digits and `-._` that no rule touches: most values are names of something
    /// here. A JSON Web Token begins with `eyJ`.
    private static func isName(_ text: String) -> Bool {
        guard text.utf8.count <= 256, !text.hasPrefix("eyJ") else { return false }
        var digits = 0
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39: digits += 1
            case 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: digits = 0
            default: return false
            }
            guard digits < 15 else { return false }
        }
        return true
    }
}

/// JSON strings.
enum JSONText {
    static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F }
        if isPlain { return "\"\(text)\"" }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
