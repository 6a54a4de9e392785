import ArgumentParser

/// `mss-bench mime`: messages parsed and written, beside Python's `email` and GMime on the same corpus.
struct MimeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mime", abstract: "Messages parsed and written per second, beside Python's email and GMime.")

    @Option(help: "Messages in the generated corpus.") var messages = 1000
    @Option(help: "Times that the corpus is parsed.") var rounds = 10

    func run() throws { try MimeMeasure.run(messages: messages, rounds: rounds) }
}
