import Logging
import MSSCore
import MSSTestKit
import NIOCore
import Testing

@testable import MSSOperator

@Suite("Metrics, health and logs", .serialized, .timeLimit(.minutes(5)))
struct ObservationTests {
    private func get(_ node: OperatorNode, _ path: String) async throws -> (status: String, text: String) {
        let port = try #require(node.observationAddress?.port)
        let answer = try await ExternalTool.run(
            "curl", ["-sS", "-o", "-", "-w", "\n%{http_code}", "http://127.0.0.1:\(port)\(path)"])
        let lines = answer.text.split(separator: "\n", omittingEmptySubsequences: false)
        return (String(lines.last ?? ""), lines.dropLast().joined(separator: "\n"))
    }

    @Test("EX_SSI_5080: metrics are scraped and count what happened; health tells each component")
    func scraping() async throws {
        try await TwoNodesTests.run { space, alpha, beta in
            _ = try await TwoNodesTests.submit(
                alpha, from: "secretariat@alpha.mssante.fr", to: ["laboratoire@beta.mssante.fr"])
            _ = try await beta.inbox("laboratoire", atLeast: 1)
            let page = try await get(beta, "/metrics")
            #expect(page.status == "200")
            func value(_ line: String) -> Double? {
                page.text.split(separator: "\n").first { $0.hasPrefix(line + " ") }
                    .flatMap { Double($0.dropFirst(line.count + 1)) }
            }
            #expect(value("mss_messages_received_total") == 1)
            #expect(value("mss_handshakes_total{sens=\"entree\"}") == 1)
            #expect(value("mss_queue_messages") == 0)
            #expect(value("mss_whitelist_domains") == 2)
            #expect(try #require(value("mss_certificate_remaining_days{certificat=\"principal\"}")) > 1)
            #expect(try #require(value("mss_disk_free_bytes")) > 0)
            #expect(try #require(value("process_resident_memory_bytes")) > 1_048_576)
            #expect(try #require(value("process_cpu_seconds_total")) > 0)
            #expect(value("mss_connections_limit") == Double(beta.settings.inbound.connections))
            #expect(page.text.contains("mss_crl_remaining_seconds{"))
            #expect(page.text.contains("mss_scan_seconds_bucket{le=\"+Inf\"}"))
            // No mailbox in any label.
            #expect(!page.text.contains("laboratoire"))
            // Every line is a comment or a sample that promtool would take.
            for line in page.text.split(separator: "\n") {
                let isSample = line.contains(/^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+$/)
                #expect(line.hasPrefix("# HELP ") || line.hasPrefix("# TYPE ") || isSample, "\(line)")
            }

            let health = try await get(beta, "/health")
            #expect(health.status == "200", "\(health.text)")
            for part in ["liste_blanche", "crl", "certificats", "file", "disque", "entree", "traces", "antivirus"] {
                #expect(health.text.contains("\"\(part)\":{\"etat\":\"ok\""), "\(part) \(health.text)")
            }
            #expect(try await get(beta, "/autre").status == "404")
            let post = try await ExternalTool.run(
                "curl",
                [
                    "-s", "-o", "/dev/null", "-w", "%{http_code}", "-d", "x=1",
                    "http://127.0.0.1:\(try #require(beta.observationAddress?.port))/metrics",
                ])
            #expect(post.text == "413" || post.text == "405")
        }
    }

    @Test("Health names what is wrong: a scanner that is down, a domain that the list does not give us")
    func unhealthy() async throws {
        let space = try await OperatorSpace(["alpha.mssante.fr": "127.0.0.2"])
        var settings = try space.settings("alpha.mssante.fr", at: "127.0.0.2", clamd: "/nulle/part.sock")
        settings.identity.domains.append(try Domain("ajoute.mssante.fr"))
        let node = try await space.open(settings)
        try await node.openMailboxes(["exploitation"])
        let health = await node.health()
        #expect(health.components["antivirus"]?.state == .failure)
        #expect(health.components["liste_blanche"]?.state == .failure)
        #expect(health.components["liste_blanche"]?.explanation.contains("ajoute.mssante.fr") == true)
        #expect(health.components["entree"]?.state == .failure)
        #expect(health.state == .failure)
        await node.close()
        try await space.close()
    }

    @Test("EX_GDT_5050: log lines are JSON with the message's name through its life, and no patient, secret or content")
    func logs() async throws {
        let lines = Guarded<[UInt8]>([])
        let logger = Logger(label: "essai") { label in
            JSONLogHandler(label: label, clock: SystemWallClock()) { line in lines.withLock { $0 += line } }
        }
        let space = try await OperatorSpace(TwoNodesTests.domains)
        let node = try await space.open(space.settings("alpha.mssante.fr", at: "127.0.0.2"), logger: logger)
        try await node.openMailboxes(["secretariat", "exploitation"])
        let patient = "190017500000123@patient.mssante.fr"
        let name = Guarded("")
        try await node.running {
            let reply = try await TwoNodesTests.submit(
                node, from: "exploitation@alpha.mssante.fr", to: ["secretariat@alpha.mssante.fr", patient],
                body: "Contenu confidentiel\r\n")
            name.withLock { [message = reply.message ?? ""] in $0 = message }
            _ = try await node.inbox("secretariat", atLeast: 1)
        }
        let text = String(decoding: lines.withLock { $0 }, as: UTF8.self)
        let id = name.withLock { $0 }
        #expect(!id.isEmpty)
        let stages = text.split(separator: "\n").filter { $0.contains("\"message\":\"\(id)") }
        #expect(stages.contains { $0.contains("\"texte\":\"submitted\"") })
        #expect(stages.contains { $0.contains("\"texte\":\"delivered\"") })
        for word in ["190017500000123", "confidentiel", "secretariat", "BEGIN PRIVATE"] {
            #expect(!text.contains(word), "\(word)")
        }
        let json = try await ExternalTool.run(
            "python3", ["-c", "import json,sys\nfor l in sys.stdin: json.loads(l)\nprint('ok')"],
            input: Array(text.utf8))
        #expect(json.text == "ok\n", "\(json.everything)")
        try await space.close()
    }

    @Test("Log values are cleaned: credentials, patients' numbers, line ends")
    func redaction() {
        #expect(LogRedaction.clean("AUTH PLAIN AGFkZWxlAHNlY3JldA==") == "AUTH PLAIN ***")
        #expect(LogRedaction.clean("rcpt 190017500000123@patient.mssante.fr") == "rcpt ***@patient.mssante.fr")
        #expect(LogRedaction.clean("a\r\nb") == "a b")
        #expect(LogRedaction.clean("reloaded") == "reloaded")
        #expect(LogRedaction.clean("Bearer eyJhbGciOiJIUzI1NiJ9.e30.abc") == "Bearer ***")
        #expect(LogRedaction.clean("12345678901234") == "12345678901234")
        #expect(LogRedaction.clean("0mh9-a.b_C7") == "0mh9-a.b_C7" && LogRedaction.clean("") == "")
        #expect(LogRedaction.clean("eyJhbGciOiJIUzI1NiJ9.e30.abc") == "***")
        #expect(LogRedaction.clean("a190017500000123") == "a***" && LogRedaction.clean("1234567-8901234567") != "***")
        #expect(LogRedaction.clean(String(repeating: "x", count: 2000)).utf8.count < 1010)
        #expect(JSONText.quoted("\"\\\u{1}é\n") == "\"\\\"\\\\\\u0001é\\u000a\"")
    }

    @Test("Labels and help of metrics are escaped as Prometheus asks")
    func escaping() {
        var page = PrometheusText()
        page.add("m", .gauge, "a\nb", [([("l", "x\"y\\z\n")], 0.5)])
        #expect(page.text == "# HELP m a\\nb\n# TYPE m gauge\nm{l=\"x\\\"y\\\\z\\n\"} 0.5\n")
        page = PrometheusText()
        page.histogram("h", "x", bounds: [1, 2.5], counts: [1, 2, 3], sum: 9)
        #expect(
            page.text.contains(
                "h_bucket{le=\"1\"} 1\nh_bucket{le=\"2.5\"} 3\nh_bucket{le=\"+Inf\"} 6\nh_sum 9\nh_count 6\n"))
    }
}
