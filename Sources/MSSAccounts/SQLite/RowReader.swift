import GRDB
import MSSCore

/// Reads the columns of a row one after the other. A value of the wrong kind is a damaged row: GRDB's own conversions
/// would end the process.
struct RowReader {
    private let row: Row
    private let table: String
    private var column = 0

    init(_ row: Row, table: String) {
        self.row = row
        self.table = table
    }

    var damaged: AccountStoreError { .damagedRow(table) }

    private mutating func next() throws -> DatabaseValue.Storage {
        guard column < row.count else { throw damaged }
        defer { column += 1 }
        let value: DatabaseValue = row[column]
        return value.storage
    }

    mutating func integer() throws -> Int64 {
        guard case .int64(let value) = try next() else { throw damaged }
        return value
    }

    mutating func optionalInteger() throws -> Int64? {
        switch try next() {
        case .int64(let value): value
        case .null: nil
        default: throw damaged
        }
    }

    mutating func text() throws -> String {
        guard case .string(let value) = try next() else { throw damaged }
        return value
    }

    mutating func optionalText() throws -> String? {
        switch try next() {
        case .string(let value): value
        case .null: nil
        default: throw damaged
        }
    }

    mutating func flag() throws -> Bool { try integer() != 0 }
    mutating func time() throws -> Timestamp { Timestamp(storedNanoseconds: try integer()) }
    mutating func optionalTime() throws -> Timestamp? { try optionalInteger().map { Timestamp(storedNanoseconds: $0) } }
    mutating func optionalDay() throws -> Int32? { try optionalInteger().map { Int32(clamping: $0) } }

    mutating func address() throws -> DirectoryMailAddress {
        guard let address = try? DirectoryMailAddress(try text()) else { throw damaged }
        return address
    }

    mutating func optionalStructure() throws -> StructureIdentifier? {
        guard let text = try optionalText() else { return nil }
        guard let identifier = try? StructureIdentifier(text) else { throw damaged }
        return identifier
    }

    mutating func optionalAddress() throws -> DirectoryMailAddress? {
        guard let text = try optionalText() else { return nil }
        guard let address = try? DirectoryMailAddress(text) else { throw damaged }
        return address
    }
}

extension Timestamp {
    /// The time as the base keeps it: nanoseconds since 1970, which reach from 1677 to 2262; saturates.
    var storedNanoseconds: Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, beyond) = product.addingReportingOverflow(Int64(nanoseconds))
        return beyond ? .max : sum
    }

    init(storedNanoseconds value: Int64) {
        var (seconds, rest) = value.quotientAndRemainder(dividingBy: 1_000_000_000)
        if rest < 0 { (seconds, rest) = (seconds - 1, rest + 1_000_000_000) }
        self.init(seconds: seconds, nanoseconds: Int32(rest))
    }
}
