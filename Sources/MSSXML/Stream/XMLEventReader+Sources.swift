import Glibc

extension XMLEventReader {
    /// Reads a document held in memory.
    /// - Throws: ``XMLFailure``, or what `handle` throws.
    public static func read(
        _ document: some Sequence<UInt8>, vocabulary: XMLVocabulary = XMLVocabulary(), limits: XMLLimits = .streaming,
        _ handle: Handler
    ) throws {
        let reader = XMLEventReader(vocabulary: vocabulary, limits: limits)
        try reader.feed(document, handle)
        try reader.finish(handle)
    }

    /// Reads a document from an open file descriptor, up to its end; the descriptor stays open.
    ///
    /// Blocks the calling thread: for files and pipes, outside of event loops.
    /// - Throws: ``XMLFailure`` (``XMLFailure/Reason/reading(errno:)`` when the system refuses), or what `handle` throws.
    public static func read(
        fileDescriptor: CInt, vocabulary: XMLVocabulary = XMLVocabulary(), limits: XMLLimits = .streaming,
        _ handle: Handler
    ) throws {
        let reader = XMLEventReader(vocabulary: vocabulary, limits: limits)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Glibc.read(fileDescriptor, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw XMLFailure(.reading(errno: errno)) }
            if count == 0 { break }
            try reader.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]), handle)
        }
        try reader.finish(handle)
    }

    /// Reads a document that arrives in chunks (the body of an HTTP response, for instance), in the caller's isolation.
    /// - Throws: ``XMLFailure``, what `handle` throws, or what the sequence throws.
    public static func read<Chunks: AsyncSequence>(
        chunks: Chunks, vocabulary: XMLVocabulary = XMLVocabulary(), limits: XMLLimits = .streaming,
        isolation: isolated (any Actor)? = #isolation, _ handle: Handler
    ) async throws where Chunks.Element: Sequence<UInt8> {
        let reader = XMLEventReader(vocabulary: vocabulary, limits: limits)
        var iterator = chunks.makeAsyncIterator()
        while let chunk = try await iterator.next(isolation: isolation) { try reader.feed(chunk, handle) }
        try reader.finish(handle)
    }
}
