import MSSTestKit
import Testing

/// Every command that a document shows exists, with the options shown.
@Suite("Commands that documents show", .timeLimit(.minutes(5)))
struct DocumentedCommandsTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// The folder of the executables: that of the running test bundle.
    static let products: String = {
        let path = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        return path.split(separator: "/").dropLast().reduce(path.hasPrefix("/") ? "" : ".") { "\($0)/\($1)" }
    }()

    /// Lines of shell blocks that call a tool, continued lines joined, without remarks and redirections.
    private static func calls(_ document: String, of tool: String) throws -> [[String]] {
        let text = String(decoding: try TestFiles.read("\(root)/\(document)"), as: UTF8.self)
        var isShell = false
        var calls: [[String]] = []
        for line in text.replacing("\\\n", with: " ").split(separator: "\n") {
            if line.hasPrefix("```") { isShell = line == "```sh" }
            guard isShell, line.hasPrefix("\(tool) ") else { continue }
            let words = line.prefix { $0 != "#" && $0 != "<" && $0 != ">" && $0 != "|" }.split(separator: " ")
            calls.append(words.dropFirst().map { String($0) })
        }
        return calls
    }

    @Test(
        "commands of the guides exist, with their options",
        arguments: [("Documentation/Operator.md", "mss-operator"), ("Documentation/Sandbox.md", "mss-sandbox")])
    func exist(document: String, tool: String) async throws {
        let calls = try Self.calls(document, of: tool)
        #expect(calls.count >= 5)
        for call in calls {
            // Subcommands are the words before the first that is none; help of a wrong one is refused.
            var path: [String] = []
            var help = ""
            for word in call.prefix(while: { !$0.hasPrefix("-") }) {
                let result = try await ExternalTool.run("\(Self.products)/\(tool)", path + [word, "--help"])
                guard result.succeeded,
                    result.text.contains("EMPLOI : \(([tool] + path + [word]).joined(separator: " "))")
                else { break }
                path.append(word)
                help = result.text
            }
            #expect(!path.isEmpty, "\(call)")
            for option in call where option.hasPrefix("--") {
                #expect(help.contains("\(option) ") || help.contains("\(option)\n"), "\(path) \(option)")
            }
        }
    }
}
