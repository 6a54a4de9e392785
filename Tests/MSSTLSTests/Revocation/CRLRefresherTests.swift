import MSSCore
import MSSHTTP
import MSSTestKit
import Testing

@testable import MSSTLS

@Suite("CRLs fetched by a scheduled task")
struct CRLRefresherTests {
    @Test("EX_OPE_5050: complete and delta lists are fetched over HTTP; every fault keeps the list held and alerts")
    func faults() async throws {
        let pki = try TestPKI()
        let server = try await CRLServer.start(pki)
        let transport = try AsyncHTTPTransport()
        let store = CRLStore(trustStore: try Paths.store(pki))
        let alerts = Guarded<[RevocationAlert]>([])
        let url = "\(server.url)/intermediate.crl"
        let refresher = CRLRefresher(
            store: store, urls: [url, "\(server.url)/intermediate-delta.crl"], transport: transport,
            clock: FixedWallClock(pki.now), timeout: .seconds(60),
            alert: { alert in alerts.withLock { $0.append(alert) } })
        #expect(await refresher.refreshAll() == [url: .installed, "\(server.url)/intermediate-delta.crl": .installed])
        // The server's entity tag is sent back: nothing is fetched twice.
        #expect(await refresher.refresh(url) == .unchanged)
        let held = store.lists.map(\.der)
        let faults: [CRLServer.Fault] = [
            .status(503), .close, .truncated, .page, .corrupt, .otherKey, .older,
        ]
        for (index, fault) in faults.enumerated() {
            server.fault = fault
            #expect(await refresher.refresh(url) == .failed, "\(fault)")
            #expect(await refresher.status[url]?.failures == index + 1)
            #expect(store.lists.map(\.der) == held)
        }
        #expect(alerts.withLock { $0.count } == faults.count)
        server.fault = nil
        try server.publish()
        #expect(await refresher.refresh(url) == .installed)
        #expect(await refresher.status[url]?.failures == 0)
        try await transport.shutDown()
        try await server.stop()
    }

    @Test("the task runs until it is cancelled, each list on its schedule")
    func loop() async throws {
        let pki = try TestPKI()
        let server = try await CRLServer.start(pki)
        let transport = try AsyncHTTPTransport()
        let (waits, continuation) = AsyncStream<Duration>.makeStream()
        let refresher = CRLRefresher(
            store: CRLStore(trustStore: try Paths.store(pki)), urls: ["\(server.url)/root.crl"], transport: transport,
            clock: FixedWallClock(pki.now),
            sleep: { wait in
                continuation.yield(wait)
                try Task.checkCancellation()
            })
        let task = Task { await refresher.run() }
        var seen: [Duration] = []
        for await wait in waits {
            seen.append(wait)
            if seen.count == 3 { break }
        }
        task.cancel()
        await task.value
        #expect(server.requestCount("/root.crl") >= 3)
        for wait in seen { #expect(wait > .seconds(5 * 3600) && wait <= .seconds(6 * 3600)) }
        try await transport.shutDown()
        try await server.stop()
    }

    @Test("waits: the interval, before nextUpdate, never too often; failures back off up to an hour")
    func schedule() {
        let schedule = CRLRefreshSchedule()
        let now = Timestamp(seconds: 1_000_000)
        func wait(_ next: Duration?, _ failures: Int, _ random: Double = 0) -> Duration {
            schedule.wait(at: now, nextUpdate: next.map { now + $0 }, failures: failures, random: random)
        }
        #expect(wait(.seconds(7 * 86_400), 0) == .seconds(6 * 3600))
        #expect(wait(nil, 0) == .seconds(6 * 3600))
        #expect(wait(.seconds(5 * 3600), 0) == .seconds(3 * 3600))
        #expect(wait(.seconds(-10), 0) == .seconds(300))
        #expect((1...8).map { wait(nil, $0) } == [60, 120, 240, 480, 960, 1920, 3600, 3600].map { .seconds($0) })
        #expect(wait(nil, .max) == .seconds(3600))
        #expect(wait(nil, 0, 1) == .seconds(6 * 3600) * 0.9)
    }

    @Test("the addresses come from the certificates, complete lists first")
    func addresses() throws {
        let pki = TestPKI.shared
        let leaf = try Certificate(der: pki.issue(.server(commonName: "mx.example")).certificateDER)
        let urls = CRLRefresher.urls(namedBy: [leaf])
        #expect(urls == [leaf.crlDistributionPoints[0].uris[0]] + leaf.freshestCRL.compactMap(\.uris.first))
        #expect(urls.count == 2)
    }
}
