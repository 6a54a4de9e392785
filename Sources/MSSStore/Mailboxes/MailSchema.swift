import GRDB

/// The tables, as the steps that made them. A step that was ever released is never edited: a new one is added.
enum MailSchema {
    /// `PRAGMA application_id`: « MSSM ».
    static let applicationID: Int64 = 0x4D53_534D

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-mailboxes") { try $0.execute(sql: mailboxes) }
        migrator.registerMigration("2-subscriptions") { database in
            try database.execute(sql: "ALTER TABLE folder ADD COLUMN subscribed INTEGER NOT NULL DEFAULT 1")
        }
        migrator.registerMigration("3-summaries") { try $0.execute(sql: summaries) }
        migrator.registerMigration("4-summary-pages") { try $0.execute(sql: summaryPages) }
        return migrator
    }

    // What clients ask of every message, encrypted by the message's key (decision 0206); empty: too long to be kept.
    private static let summaries = """
        CREATE TABLE summary (blob INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;
        """

    // Summaries of messages that follow each other, encrypted by the mailbox's key (decision 0225).
    private static let summaryPages = """
        CREATE TABLE summary_page (
            folder INTEGER NOT NULL, part INTEGER NOT NULL, page INTEGER NOT NULL, sealed BLOB NOT NULL,
            PRIMARY KEY (folder, part, page)
        ) STRICT;
        """

    // `modseq` of a mailbox counts the changes of all its folders: numbers of one folder grow, as RFC 7162 asks.
    // A blob is the encrypted octets of a message, kept once for all mailboxes and folders that have it.
    private static let mailboxes = """
        CREATE TABLE mailbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, quota INTEGER,
            octets INTEGER NOT NULL, messages INTEGER NOT NULL, modseq INTEGER NOT NULL, validity INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE folder (
            id INTEGER PRIMARY KEY AUTOINCREMENT, mailbox INTEGER NOT NULL, name TEXT NOT NULL, use INTEGER NOT NULL,
            validity INTEGER NOT NULL, next INTEGER NOT NULL, modseq INTEGER NOT NULL, messages INTEGER NOT NULL,
            octets INTEGER NOT NULL, unseen INTEGER NOT NULL, UNIQUE (mailbox, name)
        ) STRICT;
        CREATE TABLE blob (
            id INTEGER PRIMARY KEY, name BLOB NOT NULL, volume INTEGER NOT NULL, offset INTEGER NOT NULL,
            size INTEGER NOT NULL, uses INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX blob_volume ON blob (volume, offset);
        CREATE TABLE message (
            folder INTEGER NOT NULL, uid INTEGER NOT NULL, blob INTEGER NOT NULL, key BLOB NOT NULL,
            size INTEGER NOT NULL, received INTEGER NOT NULL, flags INTEGER NOT NULL, keywords TEXT NOT NULL,
            modseq INTEGER NOT NULL, PRIMARY KEY (folder, uid)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX message_modseq ON message (folder, modseq);
        CREATE TABLE vanished (
            folder INTEGER NOT NULL, uid INTEGER NOT NULL, modseq INTEGER NOT NULL, PRIMARY KEY (folder, uid)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX vanished_modseq ON vanished (folder, modseq);
        CREATE TABLE delivery (
            mailbox INTEGER NOT NULL, name TEXT NOT NULL, folder INTEGER NOT NULL, validity INTEGER NOT NULL,
            uid INTEGER NOT NULL, size INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (mailbox, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE volume (
            number INTEGER PRIMARY KEY, shared INTEGER NOT NULL, full INTEGER NOT NULL, end INTEGER NOT NULL,
            live INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE retired (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
        PRAGMA application_id = \(applicationID);
        """
}
