import MSSCore
import MSSSASL
import MSSTLS
import MSSTestKit
import NIOCore
import TestIdentities
import Testing

@testable import MSSIMAP

/// Configurations of clients of the tests' servers.
enum LiveClient {
    static func tls(certificate: Bool = false) throws -> ReloadableTLSContext {
        ReloadableTLSContext(
            try TLSContext(
                .client(
                    policy: .operator(.v1_6), identity: certificate ? LiveIdentity.client.identity : nil,
                    verifier: PKIXVerifier.testPKI)))
    }

    static func configuration(
        _ port: Int, user: String = LiveIMAP.user, certificate: Bool = false,
        token: @escaping @Sendable () async throws -> String = { "good" }
    ) throws -> IMAPClientConfiguration {
        IMAPClientConfiguration(
            host: "127.0.0.1", port: port, serverName: "imap.hopital.test", tls: try tls(certificate: certificate)
        ) {
            if certificate { return .plain(PlainCredentials(user: user, password: "")) }
            guard let credentials = XOAUTH2Credentials(user: user, token: try await token()) else {
                throw IMAPClientFailure(.credentials)
            }
            return .xoauth2(credentials)
        }
    }

    /// What is told while a connection idles, and how that ends.
    static func watch(
        _ connection: IMAPConnection
    ) throws -> (AsyncStream<IMAPEvent>.Iterator, Task<IMAPClientFailure, Never>) {
        let idle = try connection.idle()
        let (events, tell) = AsyncStream.makeStream(of: IMAPEvent.self)
        let watching = Task { () -> IMAPClientFailure in
            var iterator = idle.makeAsyncIterator()
            do throws(IMAPClientFailure) {
                while let event = try await iterator.next() { tell.yield(event) }
                return IMAPClientFailure(.cancelled)
            } catch { return error }
        }
        return (events.makeAsyncIterator(), watching)
    }

    static func message(_ subject: String, lines: Int = 1) -> ByteBuffer {
        ByteBuffer(
            string: "From: a@b.test\r\nSubject: \(subject)\r\nMessage-ID: <\(subject)@b.test>\r\n\r\n"
                + String(repeating: "Une ligne de texte assez longue pour compter.\r\n", count: lines))
    }
}

@Suite("IMAP client: against our server", .serialized)
struct ConnectionTests {
    @Test("TM5.3P, EX_LPS_0700: STARTTLS and XOAUTH2; mailboxes of all alphabets, append, search, flags, move, expunge")
    func everything() async throws {
        let live = try await LiveIMAP.start()
        let connection = try await IMAPConnection.open(LiveClient.configuration(live.psc))
        #expect(connection.enabled.contains(.qresync) && connection.facts != nil)
        let name = try #require(IMAPMailboxName("Dossiers/Été & hiver 日本"))
        try await connection.create(name)
        #expect(try await connection.mailboxes().map(\.name).contains(name))
        for subject in ["un", "deux", "trois"] {
            try await connection.append(LiveClient.message(subject), to: name, flags: [.seen])
        }
        let selected = try await connection.select(name)
        #expect(selected.messages == 3 && selected.nextUID == 4 && !selected.isReadOnly)
        #expect(try await connection.search(.header("Subject", "deux")) == [2])
        #expect(try await connection.search(.or(.text("été"), .not(.flag(.seen, true)))).isEmpty)
        #expect(try await connection.sort(.all, by: [IMAPSortCriterion(.subject, isReversed: true)]) == [1, 3, 2])
        #expect(try await connection.conversations().flatMap(\.all).sorted() == [1, 2, 3])
        let told = try await connection.setFlags(.add, [.flagged], of: IMAPSequenceSet([2 as UInt32]))
        #expect(told.first?.flags?.contains(.flagged) == true)
        let messages = try await connection.messages(.all, [.flags, .envelope, .bodyStructure(extended: true)])
            .collect()
        #expect(messages.map(\.envelope?.subject) == ["un", "deux", "trois"])
        #expect(messages.map(\.structure?.type) == ["text/plain", "text/plain", "text/plain"])
        #expect(try await connection.move(IMAPSequenceSet([1 as UInt32]), to: .inbox).count == 1)
        try await connection.setFlags(.add, [.deleted], of: IMAPSequenceSet([3 as UInt32]))
        try await connection.expunge(IMAPSequenceSet([3 as UInt32]))
        #expect(try await connection.search(.all) == [2])
        #expect(try await connection.status(of: .inbox, [.messages, .size])[.messages] == 1)
        await #expect(throws: IMAPClientFailure.self) { try await connection.delete(.inbox) }
        #expect(connection.isOpen)
        await connection.logOut()
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("EX_LPS_1100, EX_LPS_1200: with a certificate, PLAIN names the mailbox; without it TLS is refused")
    func certificate() async throws {
        let live = try await LiveIMAP.start()
        let connection = try await IMAPConnection.open(LiveClient.configuration(live.certificate, certificate: true))
        #expect(try await connection.select(.inbox).messages == 0)
        await connection.logOut()
        await #expect(throws: IMAPClientFailure.self) {
            let refused = try await IMAPConnection.open(LiveClient.configuration(live.certificate))
            try await refused.poll()
        }
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("Commands of many tasks go out at once and are answered each its own; a long message streams both ways")
    func pipelined() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill("a", "b", "c", "d", "e")
        let connection = try await IMAPConnection.open(LiveClient.configuration(live.psc))
        try await connection.select(.inbox)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<40 {
                let letter = ["a", "b", "c", "d", "e"][round % 5]
                group.addTask { () async throws in
                    #expect(try await connection.search(.header("Subject", letter)) == [UInt32(round % 5 + 1)])
                }
                group.addTask { () async throws in
                    let set = IMAPSequenceSet([UInt32(round % 5 + 1)])
                    #expect(
                        try await connection.messages(set, [.envelope]).collect().map(\.envelope?.subject) == [letter])
                }
            }
            try await group.waitForAll()
        }
        let long = LiveClient.message("long", lines: 100_000)
        let uid = try #require(try await connection.append(long, to: .inbox))
        var (octets, pieces) = (0, 0)
        for try await piece in connection.download(uid) {
            octets += piece.readableBytes
            pieces += 1
        }
        #expect(octets == long.readableBytes && pieces > 10)
        // One that is given up is read over; what follows is understood.
        for try await _ in connection.download(uid) { break }
        #expect(try await connection.download(uid, IMAPSection(.header)).collect(upTo: 1000).readableBytes > 50)
        #expect(try await connection.download(99).collect(upTo: 1).readableBytes == 0)
        await connection.logOut()
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("EX_LPS_0710: a refused token is told as such, in French, and whoever made it is told too")
    func refused() async throws {
        let live = try await LiveIMAP.start()
        let blamed = Guarded<[String]>([])
        var configuration = try LiveClient.configuration(live.psc) { "bad" }
        configuration.refused = { credentials in
            if case .xoauth2(let token) = credentials { blamed.withLock { $0.append(token.token.text) } }
        }
        do {
            _ = try await IMAPConnection.open(configuration)
            Issue.record("a refused token opened a session")
        } catch {
            guard case .authentication(let response) = error.cause else { throw error }
            #expect(response.code == .authenticationFailed && response.text == "Authentication failed")
            #expect(!error.isTemporary && error.requirement == "EX_LPS_0710")
            #expect(error.explanation == "Le serveur de messagerie a refusé l'authentification.")
        }
        #expect(blamed.withLock { $0 } == ["bad"])
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("RFC 7162: what changed while nobody looked comes in one step, with QRESYNC and without")
    func synchronise() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill("a", "b", "c", "d")
        let other = try await IMAPConnection.open(LiveClient.configuration(live.psc))
        let client = try await IMAPConnection.open(LiveClient.configuration(live.psc))
        var known = IMAPKnownMailbox()
        #expect(try await client.synchronise(.inbox, &known).new == [1, 2, 3, 4])
        try await client.unselect()
        try await other.select(.inbox)
        try await other.setFlags(.add, [.deleted], of: IMAPSequenceSet([2 as UInt32]))
        try await other.expunge()
        try await other.setFlags(.add, [.seen], of: IMAPSequenceSet([3 as UInt32]))
        try await other.append(LiveClient.message("e"), to: .inbox)
        var wanted = IMAPMailboxDifference()
        (wanted.new, wanted.changed, wanted.vanished) = ([5], [3], [2])
        #expect(try await client.synchronise(.inbox, &known) == wanted)
        #expect(try await client.synchronise(.inbox, &known).isEmpty)
        try await other.setFlags(.remove, [.seen], of: IMAPSequenceSet([3 as UInt32]))
        #expect(try await client.refresh(.inbox, &known).changed == [3])
        // The mailbox was another one: nothing of it is known.
        known.validity += 1
        let another = try await client.synchronise(.inbox, &known)
        #expect(another.isAnother && another.new == [1, 3, 4, 5])
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("RFC 2177: changes come while the client idles; IDLE is renewed, and another command interrupts it")
    func idle() async throws {
        let live = try await LiveIMAP.start()
        var configuration = try LiveClient.configuration(live.psc)
        configuration.idleRenewal = .milliseconds(100)
        let client = try await IMAPConnection.open(configuration)
        try await client.select(.inbox)
        var (events, watching) = try LiveClient.watch(client)
        for count in 1...3 {
            live.account.fill("m\(count)")
            #expect(await events.next() == .messages(count))
            #expect(try await client.search(.all).count == count)
        }
        await live.server.shutDown(grace: .seconds(1))
        let end = await watching.value
        guard case .ended = end.cause else { throw end }
        #expect(end.isTemporary)
    }

    @Test("Client requirement 1.10: sessions that the server ends are opened anew with the token of the moment")
    func reopening() async throws {
        let live = try await LiveIMAP.start()
        live.account.fill("a")
        let tokens = Guarded(["good", "stale", "good", "good"])
        let client = IMAPClient(
            try LiveClient.configuration(live.psc) { tokens.withLock { $0.isEmpty ? "good" : $0.removeFirst() } })
        #expect(try await client.perform(in: .inbox) { try await $0.search(.all) } == [1])
        for channel in live.server.table.channels { try await channel.close().get() }
        // The next token has run out: the one after it opens the session.
        #expect(try await client.perform(in: .inbox) { try await $0.search(.all) } == [1])
        #expect(tokens.withLock { $0.count } < 3)
        // The session ends while the command runs.
        let times = Guarded(0)
        let server = live.server
        let found = try await client.perform(in: .inbox) { session in
            let isFirst = times.withLock { times in
                times += 1
                return times == 1
            }
            if isFirst { for channel in server.table.channels { try await channel.close().get() } }
            return try await session.search(.all)
        }
        #expect(found == [1] && times.withLock { $0 } == 2)
        await client.close()
        await #expect(throws: IMAPClientFailure(.cancelled)) { try await client.session() }
        await live.server.shutDown(grace: .seconds(1))
    }

    @Test("Client requirements 1.7, 1.10: a watch outlives its sessions, and tells what changed between them")
    func watching() async throws {
        let live = try await LiveIMAP.start()
        let client = IMAPClient(try LiveClient.configuration(live.psc))
        let (told, tell) = AsyncStream.makeStream(of: [UInt32].self)
        let (failures, fail) = AsyncStream.makeStream(of: Bool.self)
        let watching = Task {
            try await client.watch(.inbox, pause: { _ in .milliseconds(1) }, failed: { fail.yield($0.isTemporary) }) {
                difference, _, _ in tell.yield(difference.new)
            }
        }
        var changes = told.makeAsyncIterator()
        var failed = failures.makeAsyncIterator()
        #expect(await changes.next() == [])
        live.account.fill("a")
        #expect(await changes.next() == [1])
        for channel in live.server.table.channels { try await channel.close().get() }
        #expect(await failed.next() == true)
        live.account.fill("b")
        var all: [UInt32] = []
        while !all.contains(2), let next = await changes.next() { all += next }
        #expect(all == [2])
        watching.cancel()
        await #expect(throws: (any Error).self) { try await watching.value }
        await live.server.shutDown(grace: .seconds(1))
    }
}
