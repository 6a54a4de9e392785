package import Logging

/// A log that names the session in each line. A logger with metadata of its own would cost each idle session a kilobyte.
package struct SessionLog: Sendable {
    private let logger: Logger
    private let session: String
    private let entryPoint: String

    package init(logger: Logger, session: String, entryPoint: String) {
        self.logger = logger
        self.session = session
        self.entryPoint = entryPoint
    }

    /// Logs a line; `metadata` is not computed below the logger's level.
    package func callAsFunction(
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
