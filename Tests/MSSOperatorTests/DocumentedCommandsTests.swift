import MSSCore
import MSSTestKit
import MSSTraces
import Testing

@testable import MSSOperator

/// Every command that a document, `quickstart` or an alert shows is one that the program takes, with all it demands.
@Suite("Commands that documents show", .timeLimit(.minutes(5)))
struct DocumentedCommandsTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    private static let guide = "Documentation/Operator.md"

    /// The folder of the executables: that of the running test bundle.
    static let products: String = {
        let path = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        return path.split(separator: "/").dropLast().reduce(path.hasPrefix("/") ? "" : ".") { "\($0)/\($1)" }
    }()

    // MARK: What is shown

    /// A call of a tool.
    private struct Call: Hashable, CustomStringConvertible {
        /// `sudo` and whom it is run as.
        var before: [String]
        var words: [String]

        var description: String { (before + ["…"] + words).joined(separator: " ") }

        /// `nil` for a command that calls something else.
        init?(_ command: [String], of tool: String) {
            guard let place = command.firstIndex(where: { $0 == tool || $0.hasSuffix("/\(tool)") }) else { return nil }
            (before, words) = (Array(command[..<place]), Array(command[(place + 1)...]))
            let isSudo = before.first == "sudo" && (before.count == 1 || before.count == 3 && before[1] == "-u")
            guard before.isEmpty || isSudo, !words.isEmpty else { return nil }
        }

        func begins(_ path: String) -> Bool { words.starts(with: path.split(separator: " ").map(String.init)) }

        /// The value of an option.
        func value(_ option: String) -> String? {
            words.firstIndex(of: option).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
        }
    }

    /// The simple commands of a line as a shell sees them, without remarks, redirections and expansions.
    private static func commands(_ line: some StringProtocol) -> [[String]] {
        var commands: [[String]] = [[]]
        var word: String?
        var quote: Character?
        var isTarget = false
        func end() {
            if let word, !isTarget { commands[commands.count - 1].append(word) }
            if word != nil { (word, isTarget) = (nil, false) }
        }
        characters: for character in line {
            if let open = quote {
                if character == open { quote = nil } else { word?.append(character) }
                continue
            }
            switch character {
            case "'", "\"": (quote, word) = (character, word ?? "")
            case " ", "\t": end()
            case "#" where word == nil: break characters
            case "<", ">":
                end()
                isTarget = true
            case "|", ";", "&":
                end()
                commands.append([])
            default: word = (word ?? "") + String(character)
            }
        }
        end()
        return commands.filter { !$0.isEmpty }
    }

    /// The lines of a document's shell blocks, continued ones joined, and the code within its sentences.
    private static func shown(_ document: String) throws -> (shell: [String], inline: [String]) {
        let text = String(decoding: try TestFiles.read("\(root)/\(document)"), as: UTF8.self)
        var fence: Substring?
        var (shell, inline): ([String], [String]) = ([], [])
        for line in text.replacing("\\\n", with: " ").split(separator: "\n") {
            if line.hasPrefix("```") {
                fence = fence == nil ? line : nil
            } else if let fence {
                if fence == "```sh" { shell.append(String(line)) }
            } else {
                let parts = line.split(separator: "`", omittingEmptySubsequences: false)
                #expect(parts.count % 2 == 1, "code that goes on in the next line is not looked at: \(line)")
                inline += stride(from: 1, to: parts.count, by: 2).map { String(parts[$0]) }
            }
        }
        return (shell, inline)
    }

    private static func calls(_ lines: [String], of tool: String) -> [Call] {
        lines.flatMap { commands($0) }.compactMap { Call($0, of: tool) }
    }

    /// What `quickstart` prints for the guide's example, with addresses for client software and without.
    private static func steps() throws -> [String] {
        let addresses = Quickstart.ClientAddresses(people: "192.0.2.10", applications: "192.0.2.11")
        return try [nil, addresses].flatMap { addresses -> [String] in
            var request = Quickstart.Request(domains: [try Domain("ch-exemple.mssante.fr")])
            request.clientAddresses = addresses
            return try Quickstart(folder: "/etc/mssante", request).steps.flatMap(\.commands)
        }
    }

    /// What the alerts tell to type: behind a colon, where words come first.
    private static var remedies: [String] {
        AlertRules.rules.compactMap { $0.remedy.split(separator: " : ").last }.map { String($0) }
    }

    // MARK: What the program says of it

    /// Runs the program where nothing is: no configuration, operator or folder. What the parser refuses ends with 64;
    /// what it takes fails, for want of all that, before it does anything.
    private func run(_ words: [String]) async throws -> ExternalTool.Result {
        // This one needs no configuration: it must find no place where it could make its folder.
        let isHarmless = words.first != "quickstart" || words.last == "--help" || words.dropFirst().first?.first == "/"
        try #require(isHarmless, "\(words)")
        let nowhere = try TestFiles.temporaryDirectory("mss-documented")
        defer { CommandWorld.remove(nowhere) }
        return try await ExternalTool.run(
            "env",
            ["-u", "MSS_OPERATEUR_SOCKET", "MSS_OPERATEUR_CONFIG=\(nowhere)/absent", "\(Self.products)/mss-operator"]
                + words.map { $0.hasPrefix("/") ? "\(nowhere)/absent\($0)" : $0 })
    }

    private func expectTaken(_ call: Call) async throws {
        let result = try await run(call.words)
        let expected: [Int32] = call.words.last == "--help" ? [0] : [1, 2]
        #expect(expected.contains(result.status), "\(call): \(result.status) \(result.everything)")
        // Judged by the operator, not by the parser.
        if call.begins("traces"), let purpose = call.value("--motif") {
            #expect(throws: Never.self) { _ = try TracePurpose(words: purpose) }
        }
    }

    /// Whether these words alone name a command; they need not be a whole call.
    private func isCommand(_ words: [String]) async throws -> Bool {
        guard words.allSatisfy({ !$0.hasPrefix("-") }) else { return false }
        let usage = "EMPLOI : mss-operator \(words.joined(separator: " "))"
        let lines = try await run(words + ["--help"]).text.split(separator: "\n")
        return lines.contains { $0 == usage || $0.hasPrefix("\(usage) ") }
    }

    // MARK: Tests

    @Test("the sandbox's guide shows commands that exist, with their options")
    func sandbox() async throws {
        let calls = Self.calls(try Self.shown("Documentation/Sandbox.md").shell, of: "mss-sandbox")
        #expect(calls.count >= 5)
        for call in calls {
            // Subcommands are the words before the first that is none; help of a wrong one is refused.
            var path: [String] = []
            var help = ""
            for word in call.words.prefix(while: { !$0.hasPrefix("-") }) {
                let result = try await ExternalTool.run("\(Self.products)/mss-sandbox", path + [word, "--help"])
                guard result.succeeded,
                    result.text.contains("EMPLOI : \((["mss-sandbox"] + path + [word]).joined(separator: " "))")
                else { break }
                path.append(word)
                help = result.text
            }
            #expect(!path.isEmpty, "\(call)")
            for option in call.words where option.hasPrefix("--") {
                #expect(help.contains("\(option) ") || help.contains("\(option)\n"), "\(path) \(option)")
            }
        }
    }

    @Test("the program takes each command of the guide's blocks, of quickstart's steps and of the alerts, as it stands")
    func whole() async throws {
        for (lines, least) in try [(Self.shown(Self.guide).shell, 30), (Self.steps(), 2), (Self.remedies, 10)] {
            let calls = Self.calls(lines, of: "mss-operator")
            #expect(calls.count >= least, "\(calls)")
            for call in Set(calls) { try await expectTaken(call) }
        }
        // None hides in a sentence.
        for (rule, remedy) in zip(AlertRules.rules, Self.remedies) {
            let isCall = !Self.calls([remedy], of: "mss-operator").isEmpty
            #expect(isCall == rule.remedy.contains(#/mss-operator [a-z]/#), "\(rule.remedy)")
        }
    }

    @Test("code within the guide's sentences is a whole call, or the mere name of a command")
    func inline() async throws {
        let help = try await run(["--help"]).text.split(separator: "\n").drop { !$0.hasPrefix("COMMANDES") }
        let known = Set(help.filter { $0.hasPrefix("  ") }.compactMap { $0.split(separator: " ").first })
        try #require(known.isSuperset(of: ["run", "bal", "file", "traces"]))
        var looked = 0
        for code in Set(try Self.shown(Self.guide).inline) {
            guard let words = Self.commands(code).first else { continue }
            let whole = Call(words, of: "mss-operator")
            guard whole != nil || known.contains(words[0][...]) else { continue }
            let call = try #require(whole ?? Call(["mss-operator"] + words, of: "mss-operator"))
            looked += 1
            // The name of the program before it says that it is to be typed.
            if whole == nil, try await isCommand(call.words) { continue }
            if call.words != ["…"] { try await expectTaken(call) }
        }
        #expect(looked >= 20)
    }

    @Test("commands that open the stores themselves are run as the service's account, all others as root")
    func accounts() throws {
        let lines = try Self.shown(Self.guide).shell + Self.steps() + Self.remedies
        for call in Self.calls(lines, of: "mss-operator") where !call.begins("--help") {
            let opens = ["check", "traces verifier", "restauration", "file recuperer"].contains { call.begins($0) }
            #expect(call.before == (opens ? ["sudo", "-u", "mssante"] : ["sudo"]), "\(call)")
        }
    }

    @Test("decision 0183: what the service writes goes just below the folder that its unit opens")
    func places() throws {
        let request = Quickstart.Request(domains: [try Domain("ch-exemple.mssante.fr")])
        let open = try Quickstart(folder: "/etc/mssante", request).exportFolder
        let shown = try Self.shown(Self.guide)
        var written = 0
        for call in Self.calls(shown.shell + shown.inline, of: "mss-operator") {
            // What `incident` writes, the command itself writes.
            let named = call.begins("sauvegarde") ? call.words.dropFirst().first : call.value("--vers")
            guard let place = named, !call.begins("incident") else { continue }
            written += 1
            #expect(place.split(separator: "/").dropLast().map { "/\($0)" }.joined() == open, "\(call)")
        }
        #expect(written >= 4)
    }

    @Test("the guide has the commands that quickstart prints, word for word; a shell takes both")
    func agreement() async throws {
        let (steps, shell) = (try Self.steps(), try Self.shown(Self.guide).shell)
        let inGuide = Set(shell.flatMap { Self.commands($0) })
        for command in steps.flatMap({ Self.commands($0) }) { #expect(inGuide.contains(command), "\(command)") }
        for lines in [steps, shell] {
            let result = try await ExternalTool.run("sh", ["-n", "-c", lines.joined(separator: "\n")])
            #expect(result.succeeded, "\(result.errors)")
        }
    }

    @Test("the guide installs what a build needs: the packages that the tests install, their counterparts apart")
    func packages() throws {
        let list = String(decoding: try TestFiles.read("\(Self.root)/Tests/debian-packages.txt"), as: UTF8.self)
        let end = try #require(list.firstRange(of: "# Counterparts")).lowerBound
        let needed = list[..<end].split(separator: "\n").flatMap { Self.commands($0) }.map { $0[0] }
        let installed = try Self.shown(Self.guide).shell.flatMap { Self.commands($0) }
            .filter { $0.starts(with: ["sudo", "apt", "install"]) }.flatMap { $0 }
        #expect(needed.count > 10)
        for package in needed { #expect(installed.contains(package), "\(package)") }
    }
}
