import MSSTestKit

@testable import MSSSMTP

extension BackgroundTool {
    /// A session with a program that may not listen yet.
    static func connect(
        _ port: Int, _ configuration: SMTPClientConfiguration
    ) async throws -> SMTPConnection {
        for _ in 0..<2_000 {
            do { return try await SMTPConnection.open(.local(port), configuration) } catch {
                guard error.phase == .connecting else { throw error }
                try await Task.sleep(for: .milliseconds(5))  // another process: there is no event to wait for
            }
        }
        throw Unstarted(text: "nobody listens on \(port)")
    }
}
