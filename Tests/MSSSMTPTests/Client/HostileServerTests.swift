import MSSCore
import MSSTLS
import NIOCore
import Testing

@testable import MSSSMTP

/// Each fault at each moment of a session, while another session with an honest server stands open: the first ends with
/// a failure and delivers nothing, the second then sends its message.
@Suite("SMTP client: hostile servers beside an honest one", .serialized)
struct HostileServerTests {
    enum Fault: CaseIterable, Sendable {
        case endlessContinuation, endlessLine, garbage, repliesAhead, closing

        var acts: [ScriptedSMTPServer.Act] {
            switch self {
            case .endlessContinuation: [.raw(String(repeating: "250-and more\r\n", count: 200_000))]
            case .endlessLine: [.raw("250 " + String(repeating: "x", count: 4_000_000))]
            case .garbage: [.raw(String(repeating: "\u{1}\u{7F}é\u{0}", count: 50_000) + "\r\n")]
            case .repliesAhead: [.raw(String(repeating: "250 2.0.0 ok\r\n", count: 100_000))]
            case .closing: [.close]
            }
        }
    }

    /// What a reply goes on with, without end.
    enum Endless: CaseIterable, Sendable {
        case lines, digits

        var piece: String {
            switch self {
            case .lines: String(repeating: "250-and more\r\n", count: 80_000)
            case .digits: String(repeating: "2", count: 1 << 20)
            }
        }
    }

    private static let moments = ["CONNECT", "EHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "."]

    @Test(
        "every fault at every moment ends in a failure, in bounded memory, and harms nobody else",
        arguments: Fault.allCases)
    func faults(fault: Fault) async throws {
        let configuration = try SMTPClientConfiguration.live()
        let honest = try await ScriptedSMTPServer.start(tls: LiveIdentities.serverContext())
        for moment in Self.moments {
            let other = try await SMTPConnection.open(.local(honest.port), configuration)
            let hostile = try await ScriptedSMTPServer.start(
                tls: LiveIdentities.serverContext(),
                script: ScriptedSMTPServer.but { command, _ in command.hasPrefix(moment) ? fault.acts : nil })
            let failure = await attempt(.local(hostile.port), configuration)
            // Replies sent ahead of the answer to the message hold a "250" where one is due; the session ends all the same.
            if fault != .repliesAhead || moment != "." {
                #expect(failure != nil, "\(fault) at \(moment)")
            }
            switch (fault, moment) {
            case (.endlessContinuation, _): #expect(failure?.cause == .malformedReply(.tooManyLines), "\(moment)")
            case (.endlessLine, _): #expect(failure?.cause == .malformedReply(.lineTooLong), "\(moment)")
            case (.closing, "."): #expect(failure?.mayHaveBeenDelivered == true)
            case (.closing, _):
                #expect(failure?.kind == .network && failure?.mayHaveBeenDelivered == false, "\(moment)")
            default: break
            }
            let honestly = await other.send(.test("b@d.test"))
            #expect(honestly.delivered.count == 1, "\(fault) at \(moment)")
            await other.quit()
            try await hostile.stop()
        }
        #expect(honest.log.messages.count == Self.moments.count)
        try await honest.stop()
    }

    @Test(
        "an endless reply at any moment is read no further than its limit: the rest stays with the server",
        arguments: Endless.allCases)
    func endlessReply(endless: Endless) async throws {
        let piece = endless.piece
        let configuration = try SMTPClientConfiguration.live()
        for moment in Self.moments {
            let hostile = try await ScriptedSMTPServer.start(
                tls: LiveIdentities.serverContext(),
                script: ScriptedSMTPServer.but { command, _ in command.hasPrefix(moment) ? [.pour(piece)] : nil })
            let failure = await attempt(.local(hostile.port), configuration)
            guard case .malformedReply? = failure?.cause else {
                Issue.record("\(moment): \(String(describing: failure))")
                continue
            }
            // What the kernel's buffers of both ends may hold (tcp_wmem and tcp_rmem: 4 and 6 MB), and pieces on their
            // way; the client itself reads less than one of them.
            #expect(hostile.log.poured <= 12 << 20, "\(moment)")
            try await hostile.stop()
        }
    }

    /// Opens a session, sends a message, and tells what went wrong; whatever did, the session is not fit for another.
    private func attempt(
        _ destination: SMTPDestination, _ configuration: SMTPClientConfiguration
    ) async -> SMTPClientFailure? {
        do throws(SMTPClientFailure) {
            let connection = try await SMTPConnection.open(destination, configuration)
            let result = await connection.send(.test("b@d.test"))
            #expect(!connection.isReusable)
            return result.outcomes[0].failure
        } catch { return error }
    }

    @Test("one octet of a reply a second: the time runs to the last octet, whatever trickles in")
    func oneOctetASecond() {
        var dialogue = Dialogue(.test())
        dialogue.connect()
        var seconds = 0
        while dialogue.failures.isEmpty, seconds < 1000 {
            dialogue.raw(seconds == 0 ? "2" : seconds == 1 ? "2" : seconds == 2 ? "0" : seconds == 3 ? "-" : "x")
            dialogue.passes(.seconds(1))
            seconds += 1
        }
        #expect(seconds == 300)
        #expect(dialogue.failures.first??.cause == .timedOut)
        #expect(dialogue.failures.first??.phase == .greeting)
    }
}
