import Logging

/// A log that names the session in each line.
struct IMAPSessionLog: Sendable {
    let logger: Logger
    let session: String
    let entryPoint: String

    /// Logs a line; `metadata` is not computed below the logger's level.
    func callAsFunction(
        _ level: Logger.Level, _ message: @autoclosure () -> Logger.Message,
        _ metadata: @autoclosure () -> Logger.Metadata = [:]
    ) {
        guard level >= logger.logLevel else { return }
        var all = metadata()
        all["session"] = "\(session)"
        all["entry-point"] = "\(entryPoint)"
        logger.log(level: level, message(), metadata: all)
    }
}
