import MSSAccounts
import MSSJSON

private func array(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
}

/// The report of a load is bounded and its lines exist.
private func check(_ report: ImportReport, _ lines: Int) {
    precondition(report.problems.count <= ImportReport.maximumProblems)
    precondition(report.problems.allSatisfy { (1...lines).contains($0.line) && $0.explanation.hasSuffix(".") })
    precondition(!report.isCut || report.problems.count == ImportReport.maximumProblems)
}

/// Records that were read are written and read back equal; no field that a spreadsheet would run is written bare.
let fuzzAccountsCSV: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let content = array(bytes, count)
    let lines = content.count { $0 == 0x0A } + 1
    for table in AccountTable.allCases { check(ImportSource.csv([table: content]).check(), lines) }
    guard let records = try? CSVReader.read(content) else { return 0 }
    precondition(records.allSatisfy { (1...lines).contains($0.line) })
    for record in records {
        // A header of the writer's separator, so that it is the one read.
        let text = CSVText.record(record.fields)
        precondition(!["=", "+", "-", "@"].contains { text.hasPrefix($0) })
        let header = String(repeating: ";", count: text.utf8.count + 1) + "\r\n"
        let again = try? CSVReader.read(Array((header + text).utf8))
        // A record of one empty field is an empty line, which is no record.
        precondition(record.fields == [""] || again?.last?.fields.map(CSVText.unquoted) == record.fields)
    }
    return 0
}

/// A text that was read is written and read back equal; a report names lines that exist.
let fuzzAccountsJSON: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let content = array(bytes, count)
    let lines = content.count { $0 == 0x0A } + 1
    check(ImportSource.json(content).check(), lines)
    func walk(_ node: JSONNode) {
        precondition((1...lines).contains(node.line))
        switch node.value {
        case .string(let text):
            let again = try? JSONReader.read(Array(JSONText.string(text).utf8))
            precondition(again?.value == node.value)
        case .array(let items): items.forEach(walk)
        case .object(let members): members.values.forEach(walk)
        case .null, .bool, .number: break
        }
    }
    if let node = try? JSONReader.read(content) { walk(node) }
    return 0
}
