import MSSCore
import MSSSMTP
import MSSTestKit
import MSSTraces
import Testing

@testable import MSSConnector

@Suite("Anomalies and numbers")
struct ObservationTests {
    @Test("EX_SSI_5090: repeated authentication failures are told once a window, for each source")
    func authentication() {
        var detector = AnomalyDetector()
        var told: [Anomaly] = []
        for second in 0..<30 {
            told += [detector.note(.authenticationFailures, "192.0.2.1", at: Samples.epoch + .seconds(second))]
                .compactMap { $0 }
        }
        #expect(told.map(\.count) == [10])
        #expect(told.first?.explanation == "10 échecs d'authentification en 10 minutes depuis « 192.0.2.1 ».")
        #expect(detector.note(.authenticationFailures, "192.0.2.2", at: Samples.epoch) == nil)
        // A new window: told again.
        for _ in 0..<9 {
            #expect(detector.note(.authenticationFailures, "192.0.2.1", at: Samples.epoch + .seconds(700)) == nil)
        }
        #expect(detector.note(.authenticationFailures, "192.0.2.1", at: Samples.epoch + .seconds(701)) != nil)
    }

    @Test("EX_SSI_5090: ten logins in a row that fail at one mailbox's door are counted and traced as an incident")
    func doors() async throws {
        let lps = try await TestLPS()
        do {
            for _ in 0..<10 {
                let token = try lps.token(1, flaw: .expired)
                guard case .failure = await lps.open("jeanne.martin@alpha.mssante.fr", token: token) else {
                    Issue.record("opened")
                    break
                }
            }
            #expect(lps.operation.metrics.snapshot.anomalies == [Anomaly.Kind.authenticationFailures.rawValue: 1])
            let incident = lps.alpha.traces.events.filter { $0.action == .detectIncident }
            #expect(incident.count == 1, "\(incident)")
        } catch {
            try await lps.stop()
            throw error
        }
        try await lps.stop()
    }

    @Test("Slow failures are no anomaly")
    func slow() {
        var detector = AnomalyDetector()
        for hour in 0..<200 {
            #expect(detector.note(.refusedPeer, "CN=x", at: Samples.epoch + .seconds(hour * 3600)) == nil)
        }
    }

    @Test("EX_SSI_5090: a mailbox is unusual by its own standard")
    func volumes() {
        var detector = AnomalyDetector()
        // An application that sends 1,000 an hour, always; the first window has no standard yet.
        var told = 0
        for hour in 0..<48 {
            if detector.note(.volume, "dpi@x", count: 1000, at: Samples.epoch + .seconds(hour * 3600)) != nil {
                told += 1
            }
        }
        #expect(told <= 9)  // until the average has caught up
        #expect(detector.note(.volume, "dpi@x", count: 1000, at: Samples.epoch + .seconds(48 * 3600)) == nil)
        #expect(detector.note(.volume, "dpi@x", count: 9000, at: Samples.epoch + .seconds(48 * 3600)) != nil)
        // A doctor who sends a few, then hundreds.
        for hour in 0..<48 {
            #expect(detector.note(.volume, "dr@x", count: 3, at: Samples.epoch + .seconds(hour * 3600)) == nil)
        }
        #expect(detector.note(.volume, "dr@x", count: 400, at: Samples.epoch + .seconds(48 * 3600)) != nil)
    }

    @Test("Memory is bounded, whatever the number of sources; a clock that went back does not stop the counting")
    func bounds() {
        var detector = AnomalyDetector(capacity: 1000)
        for number in 0..<10_000 {
            _ = detector.note(.refusedPeer, "source \(number)", at: Samples.epoch + .seconds(number))
        }
        #expect(detector.count <= 1000)
        for _ in 0..<4 { _ = detector.note(.refusedPeer, "x", at: Samples.epoch) }
        #expect(detector.note(.refusedPeer, "x", at: Samples.epoch - .seconds(86_400)) == nil)
        for _ in 0..<3 { _ = detector.note(.refusedPeer, "x", at: Samples.epoch - .seconds(86_400)) }
        #expect(detector.note(.refusedPeer, "x", at: Samples.epoch - .seconds(86_399)) != nil)
    }

    @Test("RE_SSI_5010: deliveries within four hours and beyond are told apart")
    func target() {
        let metrics = ConnectorMetrics()
        metrics.settled(delivered: 2, here: true, failed: 0, deferred: 0, after: .seconds(5))
        metrics.settled(delivered: 1, here: false, failed: 0, deferred: 1, after: .seconds(4 * 3600))
        metrics.settled(delivered: 0, here: false, failed: 1, deferred: 0, after: .seconds(5 * 86_400))
        let snapshot = metrics.snapshot
        #expect(snapshot.withinTarget == 3)
        #expect(snapshot.beyondTarget == 1)
        #expect(snapshot.targetRatio == 0.75)
        #expect(snapshot.deliveryTime.count == 3)
        #expect(snapshot.deliveredHere == 2 && snapshot.deliveredElsewhere == 1)
        #expect(snapshot.deferred == 1 && snapshot.failed == 1)
    }

    @Test("Each runner sees its own part of the queue")
    func views() async throws {
        let queue = InMemoryDeliveryQueue()
        let own = Samples.domain("alpha.mssante.fr")
        let envelope = OutgoingEnvelope(
            sender: nil,
            recipients: [Samples.address("a@alpha.mssante.fr"), Samples.address("b@beta.mssante.fr")])
        let id = try await queue.enqueue(
            NewDelivery(SMTPOutgoingMessage(envelope, SMTPContent("x\r\n".utf8)), id: DeliveryID("n1")),
            at: Samples.epoch)
        #expect(id == DeliveryID("n1"))
        // The same name again is the same message.
        _ = try await queue.enqueue(
            NewDelivery(SMTPOutgoingMessage(envelope, SMTPContent("x\r\n".utf8)), id: DeliveryID("n1")),
            at: Samples.epoch)
        #expect(await queue.count == 1)
        let request = DeliveryLeaseRequest(
            limit: 10, perDestination: 5, now: Samples.epoch, until: Samples.epoch + .seconds(60))
        let remote = try await QueueView(base: queue, domains: [own], isLocal: false).lease(request)
        #expect(remote.map(\.destination) == [Samples.domain("beta.mssante.fr")])
        let local = try await QueueView(base: queue, domains: [own], isLocal: true).lease(request)
        #expect(local.map(\.destination) == [own])
    }
}
