import MSSCore
import MSSPolicy

extension PolicyVerdict {
    /// The requirements that refuse.
    var refused: [String] { refusals.map(\.requirement!.rawValue) }
}

func directory(_ text: String) throws -> DirectoryMailAddress { try DirectoryMailAddress(text) }

/// Numbers with right check digits, made for these tests.
enum Sample {
    static let rpps = "10000000017"
    static let otherRPPS = "10000000025"
    static let finess = "750000010"

    static func responsible(_ rpps: String = rpps) throws -> MailboxFacts.Responsible {
        MailboxFacts.Responsible(identifier: .rpps(try RPPS(rpps)), hasNationalIdentifier: true)
    }

    static func geographic() throws -> MailboxFacts.StructureFacts {
        MailboxFacts.StructureFacts(identifier: .finess(try FINESS(finess)), entity: .geographic, hasFINESS: true)
    }

    static func personal(_ address: String = "jeanne.martin@hopital.mssante.fr") throws -> MailboxFacts {
        MailboxFacts(address: try directory(address), kind: .person, responsible: try responsible())
    }

    static func organization() throws -> MailboxFacts {
        var facts = MailboxFacts(
            address: try directory("service-cardiologie@hopital.mssante.fr"), kind: .organization,
            responsible: try responsible())
        facts.structure = try geographic()
        facts.description = "Service de cardiologie"
        return facts
    }
}

/// SplitMix64: the same seed, the same run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
