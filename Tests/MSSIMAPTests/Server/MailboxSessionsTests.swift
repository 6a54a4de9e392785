import Testing

@testable import MSSIMAP

@Suite("Sessions of a mailbox")
struct MailboxSessionsTests {
    @Test("A mailbox has so many sessions and no more; one that ends makes room, also in another order than they came")
    func bounded() {
        let sessions = MailboxSessions(limit: 2)
        #expect(sessions.enter("a", "1") && sessions.enter("a", "2") && sessions.enter("b", "3"))
        #expect(!sessions.enter("a", "4"))
        sessions.leave("2")
        sessions.leave("4")
        #expect(sessions.enter("a", "5") && !sessions.enter("a", "6"))
    }

    /// A store that was down made a session count once for each attempt: in the end nobody got in.
    @Test("A session that authenticates again, since its mailbox could not be opened, is counted once")
    func again() {
        let sessions = MailboxSessions(limit: 1)
        #expect(sessions.enter("a", "1") && sessions.enter("a", "1"))
        #expect(sessions.enter("b", "1"), "another mailbox")
        #expect(sessions.enter("a", "2"))
        sessions.leave("1")
        #expect(sessions.enter("b", "3"))
    }
}
