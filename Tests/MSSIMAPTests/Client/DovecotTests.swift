import MSSCore
import MSSSASL
import MSSTestKit
import NIOCore
import Testing

@testable import MSSIMAP

@Suite("IMAP client: against Dovecot", .serialized)
struct DovecotTests {
    private func start() async throws -> DovecotPeer {
        try await DovecotPeer.start(TestPKI.shared.issue(.server(commonName: "imap.hopital.test")))
    }

    private func open(_ dovecot: DovecotPeer, compresses: Bool = false) async throws -> IMAPConnection {
        var configuration = try LiveClient.configuration(dovecot.port) { dovecot.token(for: LiveIMAP.user) }
        configuration.compresses = compresses
        return try await IMAPConnection.open(configuration)
    }

    @Test("TM5.3P: STARTTLS and XOAUTH2 with a token; append, fetch, search, sort, threads, flags, move, names, quota")
    func everything() async throws {
        let dovecot = try await start()
        let connection = try await open(dovecot, compresses: true)
        let name = try #require(IMAPMailboxName("Dossiers/Été & hiver"))
        try await connection.create(name)
        for subject in ["un", "deux", "trois"] {
            try await connection.append(LiveClient.message(subject), to: .inbox, flags: [.seen])
        }
        let long = LiveClient.message("long", lines: 20_000)
        let uid = try #require(try await connection.append(long, to: .inbox))
        #expect(try await connection.select(.inbox).messages == 4)
        #expect(try await connection.search(.and([.header("Subject", "deux"), .smaller(10_000)])) == [2])
        #expect(try await connection.search(.text("été")).isEmpty)
        #expect(try await connection.sort(.all, by: [IMAPSortCriterion(.subject)]) == [2, 4, 3, 1])
        #expect(try await connection.conversations().flatMap(\.all).sorted() == [1, 2, 3, 4])
        let messages = try await connection.messages(
            .all, [.flags, .envelope, .bodyStructure(extended: true), .internalDate, .size, .modSeq]
        ).collect()
        #expect(messages.map(\.envelope?.subject) == ["un", "deux", "trois", "long"])
        #expect(messages.last?.size == long.readableBytes)
        #expect(try await connection.download(uid).collect(upTo: 10 << 20) == long)
        #expect(try await connection.move(IMAPSequenceSet([1 as UInt32]), to: name).count == 1)
        #expect(try await connection.status(of: name, [.messages])[.messages] == 1)
        #expect(try await connection.mailboxes().map(\.name).contains(name))
        #expect(try await connection.identify()["name"] == "Dovecot")
        await connection.logOut()
        await dovecot.stop()
    }

    @Test("EX_LPS_0710: a refused token is told as an authentication that failed")
    func refused() async throws {
        let dovecot = try await start()
        let configuration = try LiveClient.configuration(dovecot.port) {
            let parts = dovecot.token(for: LiveIMAP.user).split(separator: ".")
            return "\(parts[0]).\(parts[1]).AAAA"
        }
        do {
            _ = try await IMAPConnection.open(configuration)
            Issue.record("a forged token opened a session")
        } catch {
            guard case .authentication(let response) = error.cause else { throw error }
            #expect(response.status == .no)
        }
        await dovecot.stop()
    }

    @Test("RFC 7162: what another client changed comes in one step; RFC 2177: and as it happens")
    func changes() async throws {
        let dovecot = try await start()
        let (client, other) = (try await open(dovecot), try await open(dovecot))
        for subject in ["a", "b", "c", "d"] { try await other.append(LiveClient.message(subject), to: .inbox) }
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
        var (events, watching) = try LiveClient.watch(client)
        try await other.append(LiveClient.message("f"), to: .inbox)
        #expect(await events.next() == .messages(5))
        #expect(try await client.refresh(.inbox, &known).new == [6])
        watching.cancel()
        _ = await watching.value
        await dovecot.stop()
    }

    @Test("Client requirement 1.10: a session that Dovecot ends is opened anew with another token")
    func reopening() async throws {
        let dovecot = try await start()
        let asked = Guarded(0)
        let client = IMAPClient(
            try LiveClient.configuration(dovecot.port) {
                asked.withLock { $0 += 1 }
                return dovecot.token(for: LiveIMAP.user)
            })
        #expect(try await client.perform(in: .inbox) { try await $0.search(.all) }.isEmpty)
        try await dovecot.kickAll()
        #expect(try await client.perform(in: .inbox) { try await $0.search(.all) }.isEmpty)
        #expect(asked.withLock { $0 } == 2)
        await client.close()
        await dovecot.stop()
    }
}
