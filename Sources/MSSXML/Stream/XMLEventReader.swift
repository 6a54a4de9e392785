import CLibXML2Shim

/// Reads a document as events, in constant memory whatever its size.
///
/// Push chunks with ``feed(_:_:)`` as they come and end with ``finish(_:)``, or let one of the `read` functions do
/// both over bytes, a file descriptor or an asynchronous sequence. The events do not depend on how the document was
/// cut into chunks; they may come later than the bytes, which are parsed 32 KiB at a time.
///
/// Events come before the end of the document has been seen: act on them for good only after ``finish(_:)`` returned.
/// After a failure every further call throws the same failure. Not thread-safe: one task at a time.
public final class XMLEventReader {
    /// Called for each event; what it throws ends the reading and reaches the caller.
    public typealias Handler = (borrowing XMLEvent) throws -> Void

    private let parser: OpaquePointer
    private var abandoned: (any Error)?

    /// A reader that knows the names of `vocabulary` by their ids.
    public init(vocabulary: XMLVocabulary = XMLVocabulary(), limits: XMLLimits = .streaming) {
        self.parser = XMLEventReader.make(vocabulary, limits, block: 0)
    }

    /// For tests: parses `block` bytes at a time.
    package init(vocabulary: XMLVocabulary = XMLVocabulary(), limits: XMLLimits, block: Int) {
        self.parser = XMLEventReader.make(vocabulary, limits, block: block)
    }

    private static func make(_ vocabulary: XMLVocabulary, _ limits: XMLLimits, block: Int) -> OpaquePointer {
        var shim = limits.shim
        // The names of the caller's own code are no danger and do not count.
        shim.distinct_names = UInt32(clamping: UInt64(shim.distinct_names) + UInt64(vocabulary.names.count))
        guard let parser = mxml_parser_new(&shim, 0, block) else { fatalError("out of memory") }
        for (index, name) in vocabulary.names.enumerated() {
            let id = mxml_parser_add_name(parser, name.local, name.namespace)
            precondition(id == UInt32(index), "a name of the vocabulary is longer than XMLLimits.nameLength")
        }
        return parser
    }

    deinit { mxml_parser_free(parser) }

    // MARK: Push

    /// Takes the next bytes of the document, and reports what they complete.
    public func feed(_ chunk: UnsafeRawBufferPointer, _ handle: Handler) throws {
        try checkUsable()
        guard var next = chunk.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        let end = next + chunk.count
        while next < end {
            next += mxml_parser_feed(parser, next, end - next)
            try drain(handle)
        }
    }

    /// Takes the next bytes of the document, and reports what they complete.
    public func feed(_ chunk: some Sequence<UInt8>, _ handle: Handler) throws {
        let done: Void? = try chunk.withContiguousStorageIfAvailable { try feed(UnsafeRawBufferPointer($0), handle) }
        if done == nil { try Array(chunk).withUnsafeBytes { try feed($0, handle) } }
    }

    /// Ends the document: reports what remains, and fails when the document is not complete.
    public func finish(_ handle: Handler) throws {
        try checkUsable()
        mxml_parser_finish(parser)
        try drain(handle)
    }

    private func checkUsable() throws {
        if let abandoned { throw abandoned }
    }

    /// Reports the events of the batch, then the failure that ended it, if any.
    private func drain(_ handle: Handler) throws {
        let batch = mxml_parser_batch(parser)
        do {
            if var record = batch.events {
                for _ in 0..<batch.count {
                    try handle(XMLEvent(raw: RawEvent(record: record, batch: batch, parser: parser)))
                    record += 1
                }
            }
            if let failure = XMLFailure(mxml_parser_failure(parser).pointee) { throw failure }
        } catch {
            abandoned = error
            throw error
        }
    }
}
