import MSSXML

/// What the reader of a list needs of an event, whoever read it.
protocol ListEvent: ~Copyable {
    var kind: XMLEvent.Kind { get }
    var depth: Int { get }
    var name: XMLNameID { get }
    var isWhitespace: Bool { get }
    var textLength: Int { get }
    /// Asked of start tags only.
    var expandedName: XMLName { get }
    func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result
}

extension XMLEvent: ListEvent {}

extension XMLCanonicalReader: ListEvent {}
