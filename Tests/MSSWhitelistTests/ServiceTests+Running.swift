import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import MSSXML
import MSSXMLSignature
import Testing

@testable import MSSWhitelist

/// The service at work.
extension ServiceTests {
    @Test("EX_2.2_5010: the service loads its copy, fetches at once, then daily, and retries sooner after failures")
    func running() async throws {
        try await Sandbox.run { sandbox in
            try await sandbox.service().refresh().get()
            let waits = Guarded<[Duration]>([])
            let source = ScriptedSource([
                .failure(.status(503)), .failure(.empty),
                .success(.document(sandbox.server.signedList, WhitelistValidators(url: "https://x"))),
            ])
            let service = sandbox.service(source: source) { wait in
                let count = waits.withLock { waits in
                    waits.append(wait)
                    return waits.count
                }
                if count == 4 { throw CancellationError() }
            }
            await service.run()
            let made = waits.withLock { $0 }
            #expect(made.count == 4 && made[0] == .zero)
            // Real time passes between the answer and the next wait: upper bounds only.
            #expect(made[1] > .seconds(30) && made[1] <= .seconds(90))
            #expect(made[2] > .seconds(60) && made[2] <= .seconds(180))
            #expect(made[3] > .seconds(20 * 3600) && made[3] <= .seconds(24 * 3600))
            #expect(service.status.failureCount == 0 && service.status.lastFailure == nil)
            // The copy was in force from the start: the first request showed what names it.
            #expect(await source.shown.first??.url == sandbox.server.url)
        }
    }

    @Test(
        "a list unconfirmed for too long raises an alert; a store that cannot be written does too, and the list serves")
    func alerts() async throws {
        try await Sandbox.run { sandbox in
            try await sandbox.service().refresh().get()
            let late = sandbox.service(
                source: ScriptedSource([]), clock: FixedWallClock(SystemWallClock().now() + .seconds(49 * 3600)))
            await late.loadCopy()
            let events = late.events()
            await late.refresh()
            var causes: [WhitelistAlert.Cause] = []
            for await event in events {
                if case .alert(let alert) = event { causes.append(alert.cause) }
                if causes.count == 2 { break }
            }
            guard case .stale(let confirmedAt?) = causes[1] else { Issue.record("\(causes)"); return }
            #expect(confirmedAt > Sandbox.published)
            #expect(late.status.sinceConfirmation.map { $0 > .seconds(48 * 3600) } == true)

            let unwritable = sandbox.service(store: FileWhitelistStore(directory: "/dev/null"))
            let storeEvents = unwritable.events()
            #expect(try await unwritable.refresh().get() == .installed([]))
            guard case .notStored? = await storeEvents.nextAlert()?.cause else { Issue.record("no alert"); return }
            #expect(try unwritable.decide(sandbox.peerName(), for: sandbox.domain).isAllowed)
        }
    }

    @Test("concurrent refreshes follow one another and agree")
    func concurrentRefreshes() async throws {
        try await Sandbox.run { sandbox in
            let service = sandbox.service()
            let results = await withTaskGroup(of: Result<WhitelistRefresh, WhitelistFailure>.self) { group in
                for _ in 0..<4 { group.addTask { await service.refresh() } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.filter { $0 == .success(.installed([])) }.count == 1)
            #expect(results.filter { $0 == .success(.unchanged) }.count == 3)
            #expect(sandbox.server.unchangedCount == 3)
        }
    }

    @Test("a list is asked for by https only, and 304 counts only when something was shown")
    func sourceRules() async throws {
        let answering = AnsweringTransport(HTTPResponse(status: 304))
        await #expect(throws: WhitelistFetchFailure.notHTTPS) {
            try await HTTPWhitelistSource(url: "http://x/", transport: answering).fetch(unlike: nil)
        }
        let source = HTTPWhitelistSource(url: "https://x/", transport: answering)
        await #expect(throws: WhitelistFetchFailure.unexpectedNotModified) { try await source.fetch(unlike: nil) }
        // Validators of another URL are not shown.
        await #expect(throws: WhitelistFetchFailure.unexpectedNotModified) {
            try await source.fetch(unlike: WhitelistValidators(url: "https://y/", entityTag: "\"a\""))
        }
        let shown = WhitelistValidators(url: "https://x/", entityTag: "\"a\"", lastModified: "hier")
        #expect(try await source.fetch(unlike: shown) == .unchanged)
        let request = try #require(answering.requests.withLock { $0.last })
        #expect(request.headers.contains(HTTPField("If-None-Match", "\"a\"")))
        #expect(request.headers.contains(HTTPField("If-Modified-Since", "hier")))
        #expect(request.maximumResponseBytes == HTTPWhitelistSource.defaultMaximumBytes)
    }
}

/// A transport that always gives the same answer.
private final class AnsweringTransport: HTTPTransport {
    let requests = Guarded<[HTTPRequest]>([])
    private let response: HTTPResponse

    init(_ response: HTTPResponse) { self.response = response }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        requests.withLock { $0.append(request) }
        return response
    }
}
