import Glibc
import MSSTestKit

/// Counterparts that exist only on PyPI, each in a virtual environment under `.build`, made once.
enum PythonEnvironment {
    /// A Python that has a package; `name==version`.
    static func python(with package: String) async throws -> String {
        let directory = root + "/.build/python-" + package.replacing("==", with: "-")
        let python = "\(directory)/bin/python"
        // The last thing that is written when all went well.
        let mark = "\(directory)/complete"
        if access(mark, F_OK) == 0 { return python }
        let made = try await ExternalTool.run("python3", ["-m", "venv", "--clear", directory], seconds: 300)
        let installed = try await ExternalTool.run(
            python, ["-m", "pip", "install", "--quiet", package], seconds: 300)
        guard made.succeeded, installed.succeeded else {
            throw BackgroundTool.Unstarted(text: made.everything + installed.everything)
        }
        try TestFiles.write("", to: mark)
        return python
    }

    /// The root of the package.
    private static var root: String {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(5)
        return parts.joined(separator: "/")
    }
}
