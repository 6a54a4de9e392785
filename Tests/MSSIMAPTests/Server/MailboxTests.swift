import MSSCore
import NIOCore
import Testing

@testable import MSSIMAP

@Suite("IMAP session: mailboxes and messages")
struct MailboxTests {
    private let user = "marie@hopital.mssante.fr"

    private func dialogue(_ subjects: String..., on accounts: InMemoryMailboxes = InMemoryMailboxes()) async
        -> IMAPDialogue
    {
        for subject in subjects { accounts.account(user).fill(subject) }
        return await IMAPDialogue.loggedIn(user, accounts: accounts)
    }

    @Test("EX_LPS_0500: SELECT tells flags, number, validity, next UID and change number")
    func select() async {
        let dialogue = await dialogue("un", "deux")
        let answer = await dialogue.say("a SELECT INBOX")
        for line in [
            "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)", "* 2 EXISTS", "* OK [UNSEEN 1]",
            "* OK [UIDVALIDITY 1]", "* OK [UIDNEXT 3]", "* OK [HIGHESTMODSEQ ",
        ] { #expect(answer.contains(line), "\(line)") }
        #expect(answer.hasSuffix("a OK [READ-WRITE] Completed\r\n"))
        #expect(await dialogue.say("b EXAMINE Nowhere").hasSuffix("b NO [NONEXISTENT] No such mailbox\r\n"))
        #expect(await dialogue.say("c FETCH 1 FLAGS").hasPrefix("c BAD"))
    }

    @Test("FETCH of envelope, structure, sections, parts and partial octets; reading marks as read, PEEK does not")
    func fetch() async {
        let dialogue = await dialogue("Compte rendu")
        _ = await dialogue.say("a SELECT INBOX")
        let overview = await dialogue.say("b FETCH 1 (UID ENVELOPE BODYSTRUCTURE)")
        #expect(overview.contains("UID 1 ENVELOPE (\"1 Nov 2026 10:00:00 +0100\" \"Compte rendu\""))
        #expect(overview.contains("\"text\" \"plain\" (\"charset\" \"utf-8\")"))
        let peek = await dialogue.say("c FETCH 1 (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        #expect(
            peek.hasPrefix(
                "* 1 FETCH (FLAGS () BODY[HEADER.FIELDS (SUBJECT)] {25}\r\nSubject: Compte rendu\r\n\r\n)\r\n"))
        let part = await dialogue.say("d UID FETCH 1 BODY[1]<8.5>")
        #expect(part.hasPrefix("* 1 FETCH (UID 1 BODY[1]<8> {5}\r\nn=C2= FLAGS (\\Seen))\r\n"))
        let binary = await dialogue.say("e FETCH 1 (BINARY[1] BINARY.SIZE[1] BODY.PEEK[7])")
        #expect(binary.contains("BINARY[1] ~{") && binary.contains("Bonjour n° 0") && binary.contains("BODY[7] NIL"))
        #expect(await dialogue.say("f FETCH 2 FLAGS") == "f BAD No such message number\r\n")
        #expect(await dialogue.say("g UID FETCH 99 FLAGS") == "g OK Completed\r\n")
    }

    @Test("STORE, EXPUNGE, COPY, MOVE with their UIDs (RFC 4315, RFC 6851)")
    func changes() async {
        let dialogue = await dialogue("un", "deux", "trois")
        _ = await dialogue.say("a SELECT INBOX")
        #expect(
            await dialogue.say("b STORE 1,3 +FLAGS (\\Deleted $Label1)").contains(
                "* 3 FETCH (FLAGS (\\Deleted $Label1))"))
        #expect(await dialogue.say("c STORE 2 +FLAGS.SILENT \\Flagged") == "c OK Completed\r\n")
        let copied = await dialogue.say("d UID COPY 1:2 Archive")
        #expect(copied.hasSuffix("d OK [COPYUID 6 1:2 1:2] Completed\r\n"))
        #expect(await dialogue.say("e UID EXPUNGE 3") == "* 3 EXPUNGE\r\ne OK Completed\r\n")
        let moved = await dialogue.say("f MOVE 2 Trash")
        #expect(moved == "* OK [COPYUID 4 2 1] Moved\r\n* 2 EXPUNGE\r\nf OK Completed\r\n")
        #expect(await dialogue.say("g EXPUNGE") == "* 1 EXPUNGE\r\ng OK Completed\r\n")
        #expect(await dialogue.say("h COPY 1 Nowhere").hasPrefix("h NO [TRYCREATE]"))
        #expect(
            await dialogue.say("i STATUS Trash (MESSAGES UIDNEXT UNSEEN SIZE)").contains(
                "(MESSAGES 1 UIDNEXT 2 UNSEEN 1 SIZE "))
    }

    @Test("Two clients on one mailbox: numbers stay while a command uses them, then both know (RFC 9051 §7.5.1)")
    func together() async {
        let accounts = InMemoryMailboxes()
        let one = await dialogue("un", "deux", "trois", on: accounts)
        let other = await IMAPDialogue.loggedIn(user, accounts: accounts)
        _ = await one.say("a SELECT INBOX")
        _ = await other.say("a SELECT INBOX")
        _ = await one.say("b STORE 1:2 +FLAGS.SILENT (\\Deleted)")
        #expect(await one.say("c EXPUNGE") == "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\nc OK Completed\r\n")
        // By number: what is gone keeps its number, and is said to be gone.
        #expect(
            await other.say("b FETCH 1:3 UID")
                == "* 3 FETCH (UID 3)\r\nb NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n")
        #expect(await other.say("c STORE 3 +FLAGS \\Seen").contains("* 3 FETCH (FLAGS (\\Seen))"))
        // Both expunge at once: each message goes once.
        #expect(await other.say("d EXPUNGE") == "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\nd OK Completed\r\n")
        #expect(await one.say("d NOOP") == "* 1 FETCH (FLAGS (\\Seen))\r\nd OK Completed\r\n")
        accounts.account(user).fill("quatre")
        #expect(await one.say("e NOOP") == "* 2 EXISTS\r\ne OK Completed\r\n")
        #expect(await other.say("e FETCH 1 UID") == "* 1 FETCH (UID 3)\r\n* 2 EXISTS\r\ne OK Completed\r\n")
    }

    @Test("RFC 2177: IDLE tells of new messages, flags and expunges by others as they come")
    func idle() async {
        let accounts = InMemoryMailboxes()
        let one = await dialogue("un", on: accounts)
        let other = await IMAPDialogue.loggedIn(user, accounts: accounts)
        _ = await one.say("a SELECT INBOX")
        _ = await other.say("a SELECT INBOX")
        #expect(await one.say("b IDLE") == "+ idling\r\n")
        await Task.yield()
        accounts.account(user).fill("deux")
        #expect(await one.nextWhileIdle() == "* 2 EXISTS\r\n")
        _ = await other.say("b STORE 1 +FLAGS.SILENT \\Deleted")
        #expect(await one.nextWhileIdle() == "* 1 FETCH (FLAGS (\\Deleted))\r\n")
        _ = await other.say("c EXPUNGE")
        #expect(await one.nextWhileIdle() == "* 1 EXPUNGE\r\n")
        #expect(await one.say("DONE") == "b OK IDLE completed\r\n")
    }

    @Test("RFC 7162: CONDSTORE conflicts, and QRESYNC tells only what changed since")
    func resynchronising() async throws {
        let accounts = InMemoryMailboxes()
        let one = await dialogue("un", "deux", "trois", on: accounts)
        let answer = await one.say("a SELECT INBOX (CONDSTORE)")
        let number = try #require(answer.firstMatch(of: /HIGHESTMODSEQ (\d+)/)).1
        #expect(await one.say("b STORE 1 (UNCHANGEDSINCE 1) +FLAGS \\Seen").contains("b OK [MODIFIED 1]"))
        #expect(
            await one.say("c STORE 1 (UNCHANGEDSINCE \(number)) +FLAGS.SILENT \\Seen").contains("* 1 FETCH (MODSEQ ("))
        _ = await one.say("d STORE 2 +FLAGS.SILENT \\Deleted")
        _ = await one.say("e EXPUNGE")
        let other = await IMAPDialogue.loggedIn(user, accounts: accounts)
        #expect(await other.say("a SELECT INBOX (QRESYNC (1 \(number)))").contains("a BAD"))
        #expect(await other.say("b ENABLE QRESYNC") == "* ENABLED QRESYNC\r\nb OK Completed\r\n")
        let news = await other.say("c SELECT INBOX (QRESYNC (1 \(number) 1:3))")
        #expect(
            news.contains("* VANISHED (EARLIER) 2\r\n") && news.contains("* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ ("))
        #expect(!news.contains("UID 3"))
        #expect(
            await other.say("d UID FETCH 1:* (FLAGS) (CHANGEDSINCE \(number) VANISHED)").contains(
                "* VANISHED (EARLIER) 2"))
        _ = await one.say("f STORE 1 +FLAGS.SILENT \\Deleted")
        _ = await one.say("g EXPUNGE")
        #expect(await other.say("e NOOP") == "* VANISHED 1\r\ne OK Completed\r\n")
    }

    @Test(
        "SEARCH by flag, header, text in any transfer encoding and charset, size and date; ESEARCH and $ (RFC 4731, RFC 5182)"
    )
    func search() async {
        let accounts = InMemoryMailboxes()
        accounts.account(user).fill("Bilan sanguin", "=?iso-8859-1?Q?R=E9sultat?= urgent", "Autre")
        let dialogue = await IMAPDialogue.loggedIn(user, accounts: accounts)
        _ = await dialogue.say("a SELECT INBOX")
        #expect(await dialogue.say("b SEARCH SUBJECT \"résultat\"") == "* SEARCH 2\r\nb OK Completed\r\n")
        #expect(await dialogue.say("c SEARCH BODY \"N° 2\"") == "* SEARCH 3\r\nc OK Completed\r\n")
        #expect(await dialogue.say("d SEARCH TEXT \"renée\" NOT SUBJECT bilan") == "* SEARCH 2 3\r\nd OK Completed\r\n")
        #expect(await dialogue.say("e SEARCH SENTON 2-Nov-2026") == "* SEARCH 2\r\ne OK Completed\r\n")
        #expect(
            await dialogue.say("f UID SEARCH RETURN (MIN MAX COUNT ALL SAVE) 1:2")
                == "* ESEARCH (TAG \"f\") UID MIN 1 MAX 2 COUNT 2 ALL 1:2\r\nf OK Completed\r\n")
        #expect(await dialogue.say("g FETCH $ UID").hasPrefix("* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\ng OK"))
        #expect(await dialogue.say("h SEARCH CHARSET X ALL").hasPrefix("h NO [BADCHARSET (UTF-8 US-ASCII)]"))
        #expect(await dialogue.say("i SORT (SUBJECT) UTF-8 ALL") == "* SORT 3 1 2\r\ni OK Completed\r\n")
        #expect(await dialogue.say("j SORT (REVERSE DATE) UTF-8 ALL") == "* SORT 3 2 1\r\nj OK Completed\r\n")
    }

    @Test("RFC 5256: THREAD=REFERENCES")
    func thread() async {
        let accounts = InMemoryMailboxes()
        func message(_ id: String, _ references: String, _ subject: String) {
            accounts.account(user).deliver(
                ByteBuffer(
                    string: "Message-ID: <\(id)>\r\nReferences: \(references)\r\nSubject: \(subject)\r\n\r\nx\r\n"))
        }
        message("a", "", "un")
        message("b", "<a>", "Re: un")
        message("c", "<a>", "Re: un")
        message("d", "<a> <b>", "Re: un")
        message("e", "", "autre")
        let dialogue = await IMAPDialogue.loggedIn(user, accounts: accounts)
        _ = await dialogue.say("a SELECT INBOX")
        #expect(await dialogue.say("b THREAD REFERENCES UTF-8 ALL") == "* THREAD (1 (2 4)(3))(5)\r\nb OK Completed\r\n")
    }

    @Test("APPEND: streamed, lines ended by CRLF, several at once, UIDs told (RFC 3502, RFC 4315)")
    func append() async {
        let dialogue = await dialogue()
        #expect(await dialogue.say("a APPEND Nowhere {5}").hasPrefix("a NO [TRYCREATE]"))
        #expect(await dialogue.say("b APPEND Sent (\\Seen) \"21-Nov-2026 08:00:00 +0100\" {7}") == "+ OK\r\n")
        #expect(await dialogue.feed(Array("a: b\nc\n".utf8)) == "")
        #expect(await dialogue.say("") == "b OK [APPENDUID 2 1] Completed\r\n")
        #expect(await dialogue.say("c APPEND Sent {4+}\r\nx: y {4+}\r\nz: w") == "c OK [APPENDUID 2 2:3] Completed\r\n")
        _ = await dialogue.say("d SELECT Sent")
        let first = await dialogue.say("e FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])")
        #expect(
            first.contains("FLAGS (\\Seen) INTERNALDATE \"21-Nov-2026 07:00:00 +0000\" BODY[] {9}\r\na: b\r\nc\r\n)"))
        accountsFull(dialogue)
        #expect(await dialogue.say("f APPEND Sent {5}").hasPrefix("f NO [OVERQUOTA]"))
        #expect(await dialogue.say("g GETQUOTAROOT INBOX").contains("* QUOTA \"\" (STORAGE 1 0)"))
    }

    private func accountsFull(_ dialogue: IMAPDialogue) { dialogue.accounts.account(user).setQuota(3) }

    @Test(
        "Mailboxes: made, listed, renamed, deleted; international names in both forms; special uses (RFC 6154, RFC 5258)"
    )
    func mailboxes() async {
        let dialogue = await dialogue("un")
        #expect(await dialogue.say("a CREATE \"Dossiers/&AMk-t&AOk-\"") == "a OK Completed\r\n")
        #expect(
            await dialogue.say("b LIST \"\" \"Dossiers*\"")
                == "* LIST (\\HasChildren) \"/\" Dossiers\r\n* LIST (\\HasNoChildren) \"/\" Dossiers/&AMk-t&AOk-\r\nb OK Completed\r\n"
        )
        #expect(
            await dialogue.say("c LIST (SPECIAL-USE) \"\" % RETURN (STATUS (MESSAGES))").contains(
                "* LIST (\\HasNoChildren \\Sent) \"/\" Sent\r\n* STATUS Sent (MESSAGES 0)"))
        #expect(await dialogue.say("d RENAME Dossiers Patients") == "d OK Completed\r\n")
        #expect(await dialogue.say("e ENABLE IMAP4rev2") == "* ENABLED IMAP4rev2\r\ne OK Completed\r\n")
        #expect(
            await dialogue.say("f LIST \"\" Patients/%")
                == "* LIST (\\HasNoChildren) \"/\" \"Patients/Été\"\r\nf OK Completed\r\n")
        #expect(await dialogue.say("g SELECT \"Patients/Été\"").contains("g OK [READ-WRITE]"))
        #expect(await dialogue.say("h DELETE \"Patients/Été\"").contains("* OK [CLOSED]"))
        #expect(await dialogue.say("i DELETE INBOX").hasPrefix("i NO [CANNOT]"))
        #expect(await dialogue.say("j CREATE Patients").hasPrefix("j NO [ALREADYEXISTS]"))
        #expect(await dialogue.say("k CREATE Autre (USE (\\Sent))").hasPrefix("k NO [USEATTR]"))
        #expect(await dialogue.say("l UNSUBSCRIBE Patients").hasPrefix("l OK"))
        #expect(await dialogue.say("m LSUB \"\" Patients") == "m OK Completed\r\n")
        _ = await dialogue.say("n SELECT INBOX")
        #expect(await dialogue.say("o RENAME INBOX Vieux").contains("* 1 EXPUNGE\r\no OK"))
    }

    @Test("One account never sees another's mail: random commands over many accounts")
    func isolation() async {
        let accounts = InMemoryMailboxes()
        let users = (0..<12).map { "u\($0)@h.fr" }
        for user in users { accounts.account(user).fill("secret of \(user)", "second of \(user)") }
        var dialogues: [IMAPDialogue] = []
        for user in users { dialogues.append(await IMAPDialogue.loggedIn(user, accounts: accounts)) }
        let commands = [
            "x SELECT INBOX", "x FETCH 1:* (UID FLAGS ENVELOPE BODY.PEEK[])", "x UID FETCH 1:* BODY[TEXT]",
            "x SEARCH TEXT secret", "x LIST \"\" *", "x STATUS INBOX (MESSAGES)", "x COPY 1 Archive", "x NOOP",
            "x SORT (SUBJECT) UTF-8 ALL", "x SELECT Archive", "x CREATE Mine",
        ]
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<600 {
            let index = Int.random(in: users.indices, using: &generator)
            let answer = await dialogues[index].say(commands.randomElement(using: &generator)!)
            for (other, user) in users.enumerated() where other != index { #expect(!answer.contains("of \(user)")) }
            if dialogues[index].isClosed {
                dialogues[index] = await IMAPDialogue.loggedIn(users[index], accounts: accounts)
            }
        }
    }
}
