import ArgumentParser

/// Benchmarks of the SDK, each printed beside the real component it is compared with.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mss-bench",
        abstract: "Speed and memory of swift-mssante, beside the tools it is measured against.",
        subcommands: [
            XMLBench.self,
            XMLDSigBench.self,
            ZIPBench.self,
            MimeCommand.self,
            WhitelistBench.self,
            TLSBench.self,
            SMTPBench.self,
            AccountsBench.self,
            TracesBench.self,
            StoreBench.self,
            OperatorBench.self,
        ])
}
