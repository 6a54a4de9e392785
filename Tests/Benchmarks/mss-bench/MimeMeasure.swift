import Foundation
import Glibc
import MSSCore
import MSSMessage

/// The measures of `mss-bench mime`.
enum MimeMeasure {
    static func run(messages count: Int, rounds: Int) throws {
        let corpus = try MimeCorpus(count: count)
        print("corpus: \(count) messages, \(corpus.bytes / 1_000_000) MB, headers \(corpus.headerBytes / 1000) kB")
        rate("swift-mssante, structure", corpus.bytes * rounds) {
            for _ in 0..<rounds { for message in corpus.messages { precondition(Message(message).parts.count > 0) } }
        }
        rate("swift-mssante, structure in 64 KiB chunks", corpus.bytes * rounds) {
            for _ in 0..<rounds {
                for message in corpus.messages {
                    var parser = StructureParser()
                    for start in stride(from: 0, to: message.count, by: 65_536) {
                        message.withUnsafeBytes {
                            parser.append(
                                UnsafeRawBufferPointer(rebasing: $0[start..<min(start + 65_536, message.count)]))
                        }
                    }
                    precondition(parser.finish().parts.count > 0)
                }
            }
        }
        rate("swift-mssante, structure, addresses, subject, date", corpus.bytes * rounds) {
            for _ in 0..<rounds {
                for bytes in corpus.messages {
                    let header = Message(bytes).header
                    precondition(
                        header.subject != nil && header.date != nil && header.from.entries.count == 1
                            && header.to.entries.count == 1)
                }
            }
        }
        rate("swift-mssante, all contents decoded", corpus.bytes * rounds) {
            for _ in 0..<rounds {
                for bytes in corpus.messages {
                    let message = Message(bytes)
                    for part in message.parts where part.kind == .leaf {
                        precondition(message.content(of: part).count > 0)
                    }
                }
            }
        }
        memory(corpus)
        try write()
        try peers(corpus, rounds: max(1, rounds / 5))
    }

    private static func rate(_ name: String, _ bytes: Int, _ body: () -> Void) {
        let start = processorSeconds()
        body()
        report(name, bytes, processorSeconds() - start)
    }

    /// Processor time of the process: rates are those of one core, whatever else the machine does. Peers count theirs.
    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static func report(_ name: String, _ bytes: Int, _ seconds: Double) {
        print(String(format: "%8.0f MB/s  ", Double(bytes) / 1e6 / seconds) + name)
    }

    /// What the process holds for parsed structures beyond the messages, against the octets of their headers.
    private static func memory(_ corpus: MimeCorpus) {
        let copies = 10
        let before = residentBytes()
        let parsed = (0..<copies).flatMap { _ in corpus.messages.map { Message($0) } }
        let extra = Double(residentBytes() - before)
        let ratio = extra / Double(corpus.headerBytes * copies)
        print(String(format: "%8.2f ×     headers held beyond the input (%d structures)", ratio, parsed.count))
    }

    private static func write() throws {
        let attachment = [UInt8](repeating: 0x5A, count: 10 << 20)
        let message = OutgoingMessage(
            from: Mailbox(address: "a@b.fr"), to: [Mailbox(address: "c@d.fr")], subject: "gros",
            content: .mixed(.text("voici"), attachments: [.attachment("gros.bin", ContentSource(attachment))]))
        var size = 0
        let start = processorSeconds()
        for _ in 0..<20 {
            var writer = try MessageWriter(message)
            while let chunk = try writer.nextChunk() { size += chunk.count }
        }
        report("swift-mssante, message with a 10 MB attachment written", size, processorSeconds() - start)
    }

    // MARK: Peers

    private static func peers(_ corpus: MimeCorpus, rounds: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("mss-bench-mime-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        // One file: each message after its length in eight octets.
        var file = Data()
        for message in corpus.messages {
            withUnsafeBytes(of: UInt64(message.count).littleEndian) { file.append(contentsOf: $0) }
            file.append(contentsOf: message)
        }
        try file.write(to: folder.appendingPathComponent("corpus"))
        try Data(python.utf8).write(to: folder.appendingPathComponent("peer.py"))
        try Data(gmime.utf8).write(to: folder.appendingPathComponent("peer.c"))
        fflush(nil)  // ours first
        shell("python3 peer.py", folder)
        shell("cc -O2 peer.c -o peer $(pkg-config --cflags --libs gmime-3.0) && ./peer \(rounds)", folder)
    }

    private static func shell(_ command: String, _ folder: URL) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.currentDirectoryURL = folder
        do {
            try process.run()
            process.waitUntilExit()
            if process.terminationStatus != 0 { print("   failed: \(command)") }
        } catch { print("   failed: \(command): \(error)") }
    }

    private static let python = """
        import email, email.policy, struct, time
        data = open("corpus", "rb").read()
        at, messages = 0, []
        while at < len(data):
            n, = struct.unpack_from("<Q", data, at); messages.append(data[at + 8:at + 8 + n]); at += 8 + n
        def rate(name, body):
            start = time.process_time(); body(); t = time.process_time() - start
            print("%8.0f MB/s  %s" % (sum(map(len, messages)) / 1e6 / t, name), flush=True)
        rate("Python email, structure (compat32)", lambda: [email.message_from_bytes(m) for m in messages])
        from email.message import EmailMessage
        def write():
            for _ in range(5):
                m = EmailMessage(policy=email.policy.SMTP); m["Subject"] = "gros"; m.set_content("voici")
                m.add_attachment(b"Z" * (10 << 20), maintype="application", subtype="octet-stream", filename="gros.bin")
                size.append(len(m.as_bytes()))
        size = []; start = time.process_time(); write(); t = time.process_time() - start
        print("%8.0f MB/s  Python email, message with a 10 MB attachment written" % (sum(size) / 1e6 / t), flush=True)
        """

    private static let gmime = """
        #include <gmime/gmime.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <time.h>
        int main(int argc, char **argv) {
            FILE *f = fopen("corpus", "rb"); fseek(f, 0, SEEK_END); long n = ftell(f); rewind(f);
            char *d = malloc(n); if (fread(d, 1, n, f) != (size_t) n) return 1;
            g_mime_init();
            int rounds = atoi(argv[1]); double bytes = 0; struct timespec a, b; clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
            for (int r = 0; r < rounds; r++)
                for (long at = 0; at < n;) {
                    guint64 len; memcpy(&len, d + at, 8);
                    GMimeStream *s = g_mime_stream_mem_new_with_buffer(d + at + 8, len);
                    GMimeParser *p = g_mime_parser_new_with_stream(s);
                    GMimeMessage *m = g_mime_parser_construct_message(p, NULL);
                    if (!m) return 2;
                    bytes += len; g_object_unref(m); g_object_unref(p); g_object_unref(s); at += 8 + len;
                }
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
            printf("%8.0f MB/s  GMime %d.%d, structure and contents\\n",
                   bytes / 1e6 / ((b.tv_sec - a.tv_sec) + (b.tv_nsec - a.tv_nsec) * 1e-9), GMIME_MAJOR_VERSION, GMIME_MINOR_VERSION);
            return 0;
        }
        """
}
