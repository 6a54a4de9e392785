internal import Glibc

/// Counterparts that exist only on PyPI, each in a virtual environment under `.build`, made once.
public enum PythonEnvironment {
    /// A Python that has a package; `name==version`.
    ///
    /// - Throws: ``BackgroundTool/Unstarted`` when it cannot be installed.
    public static func python(with package: String) async throws -> String {
        let directory = root + "/.build/python-" + package.split(separator: "=").joined(separator: "-")
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
        parts.removeLast(4)
        return parts.joined(separator: "/")
    }
}
