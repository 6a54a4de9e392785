import MSSCore
import MSSJSON

/// A record of a bulk load: texts by column, lists apart.
struct ImportRecord {
    var table: AccountTable
    var line: Int
    var values: [String: String] = [:]
    var lists: [String: [String]] = [:]
}

/// A column that cannot be read.
struct ImportColumnError: Error {
    var column: String
    var explanation: String
}

/// Reads the records of a source; what cannot be read is reported and left out.
struct ImportRecords {
    /// Most octets of a file.
    static let maximumBytes = 256 << 20

    var records: [ImportRecord] = []
    var report = ImportReport()

    init(_ source: ImportSource) {
        switch source {
        case .csv(let files):
            for table in AccountTable.allCases { if let bytes = files[table] { readCSV(table, bytes) } }
        case .json(let bytes): readJSON(bytes)
        }
        for table in AccountTable.allCases { report.counts[table] = records.count { $0.table == table } }
    }

    private mutating func report(_ table: AccountTable?, _ line: Int, _ column: String? = nil, _ explanation: String) {
        report.add(ImportProblem(table: table, line: line, column: column, explanation: explanation))
    }

    // MARK: CSV

    private mutating func readCSV(_ table: AccountTable, _ bytes: [UInt8]) {
        guard bytes.count <= ImportRecords.maximumBytes else {
            return report(table, 1, nil, "Le fichier est trop gros.")
        }
        let lines: [CSVReader.Record]
        do throws(CSVFailure) { lines = try CSVReader.read(bytes) } catch {
            let what =
                switch error.reason {
                case .encoding: "Le fichier n'est pas en UTF-8."
                case .quote: "Des guillemets sont mal placés ou ne sont pas fermés."
                case .control: "La ligne contient un caractère de contrôle."
                }
            return report(table, error.line, nil, what)
        }
        guard let header = lines.first else { return report(table, 1, nil, "Le fichier est vide.") }
        let names = header.fields.map { $0.lowercased() }
        guard check(names, table, header.line) else { return }
        for line in lines.dropFirst() {
            guard line.fields.count == names.count else {
                report(table, line.line, nil, "La ligne a \(line.fields.count) colonnes au lieu de \(names.count).")
                continue
            }
            var record = ImportRecord(table: table, line: line.line)
            for (name, field) in zip(names, line.fields) {
                let text = CSVText.unquoted(field)
                if table.lists.contains(name) {
                    record.lists[name] = text.split(separator: "|").map { String($0) }
                } else if !text.isEmpty {
                    record.values[name] = text
                }
            }
            keep(record)
        }
    }

    private mutating func check(_ names: [String], _ table: AccountTable, _ line: Int) -> Bool {
        var isGood = true
        for (index, name) in names.enumerated() {
            if !table.columns.contains(name) {
                report(table, line, nil, "La colonne \(index + 1) porte un nom inconnu.")
                isGood = false
            } else if names[..<index].contains(name) {
                report(table, line, name, "La colonne figure deux fois.")
                isGood = false
            }
        }
        for name in table.required.subtracting(names).sorted() {
            report(table, line, name, "La colonne manque.")
            isGood = false
        }
        return isGood
    }

    // MARK: JSON

    private mutating func readJSON(_ bytes: [UInt8]) {
        guard bytes.count <= ImportRecords.maximumBytes else { return report(nil, 1, nil, "Le fichier est trop gros.") }
        let root: JSONNode
        do throws(JSONFailure) { root = try JSONReader.read(bytes) } catch {
            let what =
                switch error.reason {
                case .syntax: "Le JSON est mal formé."
                case .encoding: "Le texte n'est pas en UTF-8 valide."
                case .depth: "Le JSON a trop de niveaux."
                case .duplicateName: "Un membre figure deux fois."
                }
            return report(nil, error.line, nil, what)
        }
        guard let members = root.members else { return report(nil, root.line, nil, "Un objet JSON est attendu.") }
        for (name, node) in members.sorted(by: { $0.value.line < $1.value.line })
        where AccountTable(rawValue: name) == nil {
            report(nil, node.line, nil, "Une table porte un nom inconnu.")
        }
        for table in AccountTable.allCases {
            guard let node = members[table.rawValue] else { continue }
            guard let items = node.items else {
                report(table, node.line, nil, "Un tableau JSON est attendu.")
                continue
            }
            for item in items { if let record = record(item, table) { keep(record) } }
        }
    }

    private mutating func record(_ node: JSONNode, _ table: AccountTable) -> ImportRecord? {
        guard let members = node.members else {
            report(table, node.line, nil, "Un objet JSON est attendu.")
            return nil
        }
        var record = ImportRecord(table: table, line: node.line)
        var isGood = true
        for (name, member) in members.sorted(by: { ($0.value.line, $0.key) < ($1.value.line, $1.key) }) {
            guard table.columns.contains(name) else {
                report(table, member.line, nil, "Un membre porte un nom inconnu.")
                isGood = false
                continue
            }
            switch member.value {
            case .null: break
            case .array(let items) where table.lists.contains(name) && items.allSatisfy({ $0.text?.isEmpty == false }):
                record.lists[name] = items.compactMap(\.text)
            case .bool(let flag) where table.flags.contains(name): record.values[name] = flag ? "true" : "false"
            case .number(let text) where table.numbers.contains(name): record.values[name] = text
            case .string(let text)
            where !table.lists.contains(name) && !table.flags.contains(name) && !table.numbers.contains(name):
                if !text.isEmpty { record.values[name] = text }
            default:
                report(table, member.line, name, "La valeur n'est pas du type attendu.")
                isGood = false
            }
        }
        return isGood ? record : nil
    }

    private mutating func keep(_ record: ImportRecord) {
        let missing = record.table.required.filter { record.values[$0] == nil }.sorted()
        for name in missing { report(record.table, record.line, name, "La valeur manque.") }
        if missing.isEmpty { records.append(record) }
    }
}

extension ImportRecord {
    func text(_ column: String) -> String { values[column] ?? "" }

    func flag(_ column: String, else standard: Bool = false) throws(ImportColumnError) -> Bool {
        switch values[column]?.lowercased() {
        case nil: return standard
        case "true", "oui", "o", "1", "vrai": return true
        case "false", "non", "n", "0", "faux": return false
        default: throw ImportColumnError(column: column, explanation: "« oui » ou « non » est attendu.")
        }
    }

    func number(_ column: String) throws(ImportColumnError) -> Int64? {
        guard let text = values[column] else { return nil }
        guard let number = Int64(text), text.utf8.first != UInt8(ascii: "+") else {
            throw ImportColumnError(column: column, explanation: "Un nombre entier est attendu.")
        }
        return number
    }

    /// A date `2026-11-21`, or a date and time with its zone.
    func time(_ column: String) throws(ImportColumnError) -> Timestamp? {
        guard let text = values[column] else { return nil }
        let whole = text.utf8.count == 10 ? text + "T00:00:00Z" : text
        guard let time = try? Timestamp(xsdDateTime: whole) else {
            throw ImportColumnError(column: column, explanation: "Une date AAAA-MM-JJ est attendue.")
        }
        return time
    }

    func read<Value, Failure: ExplainedFailure>(
        _ column: String, _ parse: (String) throws(Failure) -> Value
    ) throws(ImportColumnError) -> Value? {
        guard let text = values[column] else { return nil }
        do throws(Failure) { return try parse(text) } catch {
            throw ImportColumnError(column: column, explanation: error.explanation)
        }
    }

    func readList<Value, Failure: ExplainedFailure>(
        _ column: String, _ parse: (String) throws(Failure) -> Value
    ) throws(ImportColumnError) -> [Value] {
        var result: [Value] = []
        for text in lists[column] ?? [] {
            do throws(Failure) { result.append(try parse(text)) } catch {
                throw ImportColumnError(column: column, explanation: error.explanation)
            }
        }
        return result
    }
}
