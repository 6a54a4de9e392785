import MSSCore
import Testing

@testable import MSSSMTP

@Suite("What follows from an attempt")
struct VerdictTests {
    private let start = Timestamp(seconds: 1_000_000)
    private let refused = SMTPClientFailure(.recipient, SMTPReply(code: 550, enhanced: "5.1.1", text: "unknown"))
    private let busy = SMTPClientFailure(.recipient, SMTPReply(code: 450, enhanced: "4.2.0", text: "busy"))

    private func verdict(
        _ result: Result<SMTPReply, SMTPClientFailure>, sender: String? = "a@client.test", notify: DSNNotify? = nil,
        after age: Duration = .zero, attempts: Int = 0, delayWasNotified: Bool = false, passedNotices: Bool = false
    ) -> DeliveryVerdict {
        var envelope = OutgoingEnvelope.to("b@d.test", from: sender)
        envelope.recipients[0].notify = notify
        let job = DeliveryJob(
            id: DeliveryID("m1"), lease: 1, destination: try! Domain("d.test"),  // a literal
            message: SMTPOutgoingMessage(envelope, SMTPContent([])), arrival: start, attempts: attempts,
            delayWasNotified: delayWasNotified)
        let outcome = DeliveryOutcome(envelope.recipients[0], result, host: "mx.d.test", passedNotices: passedNotices)
        return DeliveryVerdict(
            job, DeliveryResult(outcomes: [outcome], reached: true), .standard, now: start + age, chance: 0.5)
    }

    private let ok = Result<SMTPReply, SMTPClientFailure>.success(SMTPReply(code: 250, text: "ok"))

    @Test("EX_GBM_4460: a refusal for good is told to the sender")
    func failure() {
        let verdict = verdict(.failure(refused))
        #expect(verdict.settlement.failed.map(\.text) == ["b@d.test"])
        #expect(verdict.notice?.sender.text == "a@client.test")
        #expect(verdict.notice?.items.map(\.event) == [.failed(refused)])
    }

    @Test("RFC 5321 §6.1: no notice ever goes to a null sender: no backscatter, no loop")
    func nullSender() {
        for result in [Result<SMTPReply, SMTPClientFailure>.failure(refused), .failure(busy), ok] {
            for age in [Duration.zero, .seconds(20_000), .seconds(86_400 * 9)] {
                let verdict = verdict(result, sender: nil, notify: [.success, .failure, .delay], after: age)
                #expect(verdict.notice == nil)
            }
        }
    }

    @Test("EX_GBM_4450: NOTIFY decides what is told (RFC 3461 §4.1)")
    func notify() {
        #expect(verdict(.failure(refused), notify: .never).notice == nil)
        #expect(verdict(.failure(refused), notify: [.success, .delay]).notice == nil)
        #expect(verdict(.failure(refused), notify: .failure).notice != nil)
        #expect(verdict(ok).notice == nil)
        #expect(verdict(ok, notify: .success).notice?.items.map(\.event) == [.relayed])
        // The next server offers DSN: it will tell.
        #expect(verdict(ok, notify: .success, passedNotices: true).notice == nil)
    }

    @Test("what may pass is tried again, later each time")
    func retry() {
        let first = verdict(.failure(busy))
        #expect(first.settlement.deferred.map(\.text) == ["b@d.test"])
        #expect(first.settlement.nextAttempt == start + .seconds(60))
        #expect(first.settlement.reason?.contains("ne peut pas prendre le message pour l'instant (code 450") == true)
        #expect(first.notice == nil)
        #expect(verdict(.failure(busy), attempts: 3).settlement.nextAttempt == start + .seconds(480))
    }

    @Test("a delay is told once, with the end of the attempts")
    func delay() {
        let age = Duration.seconds(5 * 3_600)
        let first = verdict(.failure(busy), after: age)
        #expect(first.notice?.items.map(\.event) == [.delayed(busy, until: start + .seconds(5 * 86_400))])
        #expect(first.settlement.delayWasNotified)
        #expect(verdict(.failure(busy), after: age, delayWasNotified: true).notice == nil)
        #expect(verdict(.failure(busy), notify: .failure, after: age).notice == nil)
    }

    @Test("at the end of its time a message is given up, and the sender told")
    func expiry() {
        let verdict = verdict(.failure(busy), after: .seconds(5 * 86_400))
        #expect(verdict.settlement.failed.map(\.text) == ["b@d.test"])
        guard case .failed(let failure)? = verdict.notice?.items.first?.event else {
            Issue.record("no failure told")
            return
        }
        #expect(failure.isPermanent)
        let silent = self.verdict(
            .failure(SMTPClientFailure(.network, .connecting, .timedOut)), after: .seconds(5 * 86_400))
        guard case .failed(let expired)? = silent.notice?.items.first?.event else {
            Issue.record("no failure told")
            return
        }
        #expect(expired.status == "5.4.7")
    }

    @Test("an attempt broken off on this side does not count, and the message is due at once")
    func interrupted() {
        let verdict = verdict(
            .failure(SMTPClientFailure(.network, .content, .cancelled)), after: .seconds(86_400 * 9))
        #expect(!verdict.settlement.countsAsAttempt)
        #expect(verdict.settlement.deferred.count == 1)
        #expect(verdict.settlement.nextAttempt == start + .seconds(86_400 * 9))
        #expect(verdict.settlement.failed.isEmpty)
    }
}
