import GRDB

/// The tables, as the steps that made them. A step that was ever released is never edited: a new one is added.
enum AccountSchema {
    /// `PRAGMA application_id`: « MSSA ».
    static let applicationID: Int64 = 0x4D53_5341

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1-persons") { try $0.execute(sql: persons) }
        migrator.registerMigration("2-mailboxes") { try $0.execute(sql: mailboxes) }
        migrator.registerMigration("3-terms-requests-reservations") { try $0.execute(sql: agreements) }
        migrator.registerMigration("4-changes-revisions") { try $0.execute(sql: changes) }
        migrator.registerMigration("5-information-clock") { try $0.execute(sql: information) }
        migrator.registerMigration("6-told") { try $0.execute(sql: told) }
        return migrator
    }

    private static let persons = """
        CREATE TABLE structure (
            identifier TEXT PRIMARY KEY, name TEXT NOT NULL, entity TEXT CHECK (entity IN ('EJ', 'EG')),
            parent TEXT REFERENCES structure, also_finess INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE person (
            id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, given_name TEXT NOT NULL, family_name TEXT NOT NULL,
            entitled INTEGER NOT NULL, acts_for_structure INTEGER NOT NULL, professions TEXT NOT NULL, contact TEXT,
            authorised INTEGER NOT NULL, reviewed_at INTEGER, last_authentication INTEGER
        ) STRICT;
        CREATE TABLE person_structure (
            person INTEGER NOT NULL REFERENCES person, manages INTEGER NOT NULL, position INTEGER NOT NULL,
            structure TEXT NOT NULL REFERENCES structure, PRIMARY KEY (person, manages, position)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        INSERT INTO counter VALUES ('person', 0), ('mailbox', 0), ('revision', 0);
        PRAGMA application_id = \(applicationID);
        """

    private static let mailboxes = """
        CREATE TABLE mailbox (
            id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('PER', 'ORG', 'CAB', 'APP')),
            address TEXT NOT NULL, address_key TEXT NOT NULL, responsible INTEGER NOT NULL REFERENCES person,
            structure TEXT REFERENCES structure, shared INTEGER NOT NULL, service TEXT NOT NULL, summary TEXT NOT NULL,
            phone TEXT NOT NULL, unlisted INTEGER NOT NULL, quota INTEGER, used INTEGER NOT NULL,
            state INTEGER NOT NULL CHECK (state IN (0, 1, 2)), state_at INTEGER, state_reason TEXT,
            created_at INTEGER NOT NULL, usable_since INTEGER NOT NULL, last_connection INTEGER, reply_text TEXT,
            reply_from INTEGER, reply_until INTEGER, forwarding TEXT, purge_sent_days INTEGER, test INTEGER NOT NULL,
            automatic_reply INTEGER NOT NULL, mark_unpublication_warning INTEGER, mark_unpublished INTEGER,
            mark_deletion_warning INTEGER, mark_quota_level INTEGER NOT NULL, mark_quota_notice INTEGER,
            mark_purged INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX mailbox_address ON mailbox (address_key) WHERE state <> 2;
        CREATE INDEX mailbox_responsible ON mailbox (responsible);
        CREATE INDEX mailbox_structure ON mailbox (structure);
        CREATE INDEX mailbox_test ON mailbox (test) WHERE test = 1;
        CREATE TABLE co_holder (
            mailbox INTEGER NOT NULL REFERENCES mailbox, position INTEGER NOT NULL,
            person INTEGER NOT NULL REFERENCES person, PRIMARY KEY (mailbox, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX co_holder_person ON co_holder (person);
        CREATE TABLE delegation (
            mailbox INTEGER NOT NULL REFERENCES mailbox, position INTEGER NOT NULL,
            delegate INTEGER NOT NULL REFERENCES person, principal INTEGER NOT NULL REFERENCES person,
            from_time INTEGER NOT NULL, until_time INTEGER, may_read INTEGER NOT NULL, may_send INTEGER NOT NULL,
            PRIMARY KEY (mailbox, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX delegation_delegate ON delegation (delegate);
        CREATE INDEX delegation_principal ON delegation (principal);
        """

    private static let agreements = """
        ALTER TABLE person ADD COLUMN terms_version TEXT;
        ALTER TABLE person ADD COLUMN terms_at INTEGER;
        CREATE TABLE acceptance (
            number INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES person, version TEXT NOT NULL,
            at INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX acceptance_person ON acceptance (person);
        CREATE TABLE deletion_request (
            mailbox INTEGER PRIMARY KEY REFERENCES mailbox, person INTEGER NOT NULL REFERENCES person,
            at INTEGER NOT NULL, done_at INTEGER
        ) STRICT;
        CREATE TABLE reservation (
            address_key TEXT PRIMARY KEY, address TEXT NOT NULL, former_holder INTEGER NOT NULL REFERENCES person,
            until_time INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    // What an index took over before has revision 0 everywhere: 1 makes it read all once.
    private static let changes = """
        ALTER TABLE person ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE mailbox ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
        CREATE INDEX person_revision ON person (revision);
        CREATE INDEX mailbox_revision ON mailbox (revision);
        UPDATE counter SET value = 1 WHERE name = 'revision';
        CREATE TABLE change (
            number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, operation TEXT NOT NULL,
            mailbox INTEGER, address TEXT, person INTEGER, fields TEXT NOT NULL, refused INTEGER NOT NULL,
            refused_by TEXT, refused_because TEXT
        ) STRICT;
        """

    private static let information = """
        CREATE TABLE information (
            number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, mailbox INTEGER NOT NULL REFERENCES mailbox,
            address TEXT NOT NULL, newcomer INTEGER NOT NULL REFERENCES person, role TEXT NOT NULL,
            opened_by TEXT NOT NULL, opener INTEGER REFERENCES person, recipient INTEGER NOT NULL REFERENCES person
        ) STRICT;
        CREATE TABLE clock (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), latest INTEGER NOT NULL) STRICT;
        """

    private static let told = """
        CREATE TABLE told (
            person INTEGER NOT NULL REFERENCES person, mailbox INTEGER NOT NULL REFERENCES mailbox, terms TEXT NOT NULL,
            at INTEGER NOT NULL, PRIMARY KEY (person, mailbox, terms)
        ) STRICT, WITHOUT ROWID;
        """
}
