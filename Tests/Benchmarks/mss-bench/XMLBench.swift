import ArgumentParser
import Glibc
import MSSTestKit
import MSSXML

/// Speed and memory of the streaming reader, beside `xmllint --stream` on the same document.
struct XMLBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xml", abstract: "Streaming XML: MB/s and peak memory, beside xmllint --stream.")

    @Option(help: "Size of the document in MB.")
    var megabytes = 1000

    func run() async throws {
        var vocabulary = XMLVocabulary()
        let name = vocabulary.id("Nom", in: BenchList.namespace)
        let part = BenchList.domains(1000)
        let rounds = megabytes * 1_000_000 / part.count
        let total = Double(rounds * part.count) / 1e6

        let clock = ContinuousClock()
        let reader = XMLEventReader(vocabulary: vocabulary)
        var names = 0
        var bytes = 0
        let handle: XMLEventReader.Handler = { event in
            if event.kind == .end && event.name == name {
                names += 1
                bytes += event.textLength
            }
        }
        let before = peakKilobytes(RUSAGE_SELF)
        var cpu = cpuTime(RUSAGE_SELF)
        let time = try clock.measure {
            try reader.feed(BenchList.head, handle)
            for _ in 0..<rounds { try reader.feed(part, handle) }
            try reader.feed(BenchList.tail, handle)
            try reader.finish(handle)
        }
        precondition(names == rounds * 1000 && bytes > 0)
        let peak = peakKilobytes(RUSAGE_SELF)
        print(
            "XMLEventReader   \(rate(total, time)) MB/s (\(rate(total, cpuTime(RUSAGE_SELF) - cpu)) per CPU second), peak RSS \(peak / 1024) MB (+\((peak - before) / 1024) MB while reading)"
        )

        // The same bytes in a file for xmllint; removed afterwards.
        let directory = try TestFiles.temporaryDirectory("mss-bench")
        let path = "\(directory)/list.xml"
        let file = open(path, O_WRONLY | O_CREAT, 0o600)
        for piece in [BenchList.head] + Array(repeating: part, count: rounds) + [BenchList.tail] {
            var done = 0
            while done < piece.count {
                let count = piece.withUnsafeBytes { write(file, $0.baseAddress! + done, $0.count - done) }
                guard count > 0 else { throw ValidationError("cannot write \(path)") }
                done += count
            }
        }
        close(file)
        cpu = cpuTime(RUSAGE_SELF)
        let descriptor = open(path, O_RDONLY)
        var fromFile = 0
        let fileTime = try clock.measure {
            try XMLEventReader.read(fileDescriptor: descriptor, vocabulary: vocabulary) {
                if $0.kind == .end && $0.name == name { fromFile += 1 }
            }
        }
        close(descriptor)
        precondition(fromFile == names)
        print(
            "  from a file    \(rate(total, fileTime)) MB/s (\(rate(total, cpuTime(RUSAGE_SELF) - cpu)) per CPU second)"
        )
        var result: ExternalTool.Result?
        let start = clock.now
        result = try await ExternalTool.run("xmllint", ["--stream", "--noout", "--huge", path], seconds: 600)
        let lintTime = clock.now - start
        print(
            "xmllint --stream \(rate(total, lintTime)) MB/s (\(rate(total, cpuTime(RUSAGE_CHILDREN))) per CPU second), peak RSS \(peakKilobytes(RUSAGE_CHILDREN) / 1024) MB, exit \(result?.status ?? -1)"
        )
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }
}

/// Work per second, one decimal.
func rate(_ work: Double, _ time: Duration) -> String {
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    return "\((work / seconds * 10).rounded() / 10)"
}

/// Processor time used so far: what remains comparable on a busy machine.
func cpuTime(_ who: __rusage_who) -> Duration {
    var usage = rusage()
    getrusage(Int32(who.rawValue), &usage)
    let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
    return .seconds(seconds) + .microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
}

/// The largest resident set so far, in KiB.
func peakKilobytes(_ who: __rusage_who) -> Int {
    var usage = rusage()
    getrusage(Int32(who.rawValue), &usage)
    return usage.ru_maxrss
}

/// A document shaped like the published whitelist.
enum BenchList {
    static let namespace = "https://listeblanche.mssante.fr/schema"
    static let head = Array(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListeBlancheMSSante xmlns=\"\(namespace)\">\n<DateDeGeneration>2026-03-13T14:54:10Z</DateDeGeneration>\n<ListeDomaines>\n"
            .utf8)
    static let tail = Array("</ListeDomaines>\n</ListeBlancheMSSante>\n".utf8)

    static func domains(_ count: Int) -> [UInt8] {
        var text = ""
        for index in 0..<count {
            text += """
                        <Domaine>
                            <Nom>hopital-\(index).mssante.fr</Nom>
                            <Description>CENTRE HOSPITALIER \(index) &amp; ANNEXES</Description>
                            <DNCertificatOperateur>CN=mail-\(index).hopital.fr,OU=318310021300028,O=GIP É,ST=Haute-Garonne (31),C=FR</DNCertificatOperateur>
                            <ResponsableContact/>
                            <SupportContact/>
                            <DateMAJ>2026-03-13T14:54:10Z</DateMAJ>
                        </Domaine>

                """
        }
        return Array(text.utf8)
    }
}
