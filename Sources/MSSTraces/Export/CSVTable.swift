import MSSCore

/// The table of an export, for people and spreadsheets.
enum CSVTable {
    static let header =
        "journal,numero,date,ecrite,action,resultat,auteur,identifiant,nom,pour_le_compte_de,bal,adresse_reseau,"
        + "logiciel,systeme,canal,authentification,demande,reponse,message,emetteur,destinataires,objet,taille,"
        + "modifications\r\n"

    static func line(_ record: TraceRecord) -> String {
        let event = record.event
        let person = event.author.cells
        let cells: [String?] = [
            record.family.rawValue, String(record.sequence), event.time?.description, record.written.description,
            event.action.code, event.outcome.rawValue, event.author.kind, person.identifier, person.name,
            person.principal, event.mailbox?.text, event.means.address,
            record.isAnonymised ? nil : event.means.software, event.means.system, event.means.channel,
            event.authentication?.rawValue, event.request?.text, event.reply?.text, event.message?.identifier,
            event.message?.sender?.text, event.message.map { $0.recipients.map(\.text).joined(separator: " ") },
            event.message?.subject, event.message?.size.map { String($0) },
            event.changes.isEmpty
                ? nil
                : event.changes.map { "\($0.attribute): \($0.before ?? "∅") → \($0.after ?? "∅")" }
                    .joined(separator: " ; "),
        ]
        return cells.map { cell($0 ?? "") }.joined(separator: ",") + "\r\n"
    }

    /// RFC 4180 §2: quoted when needed. A text that a spreadsheet would run as a formula gets an apostrophe in front.
    static func cell(_ text: String) -> String {
        var text = text
        if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) { text = "'" + text }
        guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}

extension TraceAuthor {
    fileprivate var cells: (identifier: String?, name: String?, principal: String?) {
        switch self {
        case .person(let person), .administrator(let person): (person.identifier, person.name, nil)
        case .delegate(let person, let principal): (person.identifier, person.name, principal.identifier)
        case .application(let name), .peer(let name), .system(let name): (name, nil, nil)
        case .unauthenticated(let claimed): (claimed, nil, nil)
        }
    }
}

/// Certificates as text (RFC 7468).
enum PEM {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func certificate(_ der: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: der.count, by: 3) {
            let group = der[start..<min(start + 3, der.count)]
            var bits: UInt32 = 0
            for index in 0..<3 { bits = bits << 8 | (index < group.count ? UInt32(group[start + index]) : 0) }
            for index in 0..<4 {
                text.append(index <= group.count ? alphabet[Int(bits >> (18 - 6 * UInt32(index)) & 63)] : 0x3D)
            }
            if (start / 3) % 16 == 15 { text.append(0x0A) }
        }
        if text.last != 0x0A { text.append(0x0A) }
        return "-----BEGIN CERTIFICATE-----\n\(String(decoding: text, as: UTF8.self))-----END CERTIFICATE-----\n"
    }
}
