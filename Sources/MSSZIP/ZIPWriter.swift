/// Writes an archive to a ``ZIPSink``, entry after entry, without going back.
///
/// Equal calls give equal bytes: no clock, no user, no platform detail enters the archive. Names are UTF-8. ZIP64 records
/// appear only where a number needs them, or everywhere with ``Options/alwaysZIP64``.
///
/// Not `Sendable`: one task writes an archive.
public final class ZIPWriter<Sink: ZIPSink> {
    /// Choices that hold for the whole archive.
    public struct Options: Sendable, Hashable {
        /// 1 (fast) to 9 (small).
        public var compressionLevel = 6
        /// Writes ZIP64 records even where 32 bits would do.
        public var alwaysZIP64 = false
        /// Limits on names and on the number of entries, as the reader would apply them.
        public var limits = ZIPLimits()

        /// The default choices.
        public init() {}
    }

    private enum State { case ready, writing(OpenEntry), finished }

    private let options: Options
    private var sink: Sink
    private var position: UInt64 = 0
    private var state = State.ready
    private var written: [WrittenEntry] = []
    private var names: Set<String> = []
    private var output = [UInt8](repeating: 0, count: 64 << 10)

    /// A writer to `sink`.
    public init(to sink: Sink, options: Options = Options()) {
        self.sink = sink
        self.options = options
    }

    // MARK: Entries

    /// Adds a whole file. Deflated bytes that are not fewer than the original are stored instead.
    public func add(
        _ name: String, _ bytes: [UInt8], method: ZIPEntry.Method = .deflate, modified: ZIPTime = .earliest
    ) throws(ZIPError) {
        let crc = CRC32.of(bytes)
        var method = method
        var data = bytes
        if method == .deflate {
            data = try deflated(bytes)
            if data.count >= bytes.count { (method, data) = (.store, bytes) }
        }
        var entry = try start(name, method: method, modified: modified)
        entry.crc32 = crc
        entry.size = UInt64(bytes.count)
        entry.compressedSize = UInt64(data.count)
        entry.usesZIP64 =
            options.alwaysZIP64 || entry.size >= UInt64(UInt32.max) || entry.compressedSize >= UInt64(UInt32.max)
        try emit(entry.localHeader())
        try emit(data)
        written.append(entry)
    }

    /// Adds a folder; `name` gets its final slash if it has none.
    public func addDirectory(_ name: String, modified: ZIPTime = .earliest) throws(ZIPError) {
        let entry = try start(name.hasSuffix("/") ? name : name + "/", method: .store, modified: modified)
        try emit(entry.localHeader())
        written.append(entry)
    }

    /// Begins a file whose size is not known: give it to ``write(_:)`` and close it with ``end()``. Its sizes follow the
    /// data in a descriptor. `zip64` must be true for a file that may reach 4 GiB.
    public func begin(
        _ name: String, method: ZIPEntry.Method = .deflate, modified: ZIPTime = .earliest, zip64: Bool = false
    ) throws(ZIPError) {
        var entry = try start(name, method: method, modified: modified)
        entry.hasDescriptor = true
        entry.usesZIP64 = zip64 || options.alwaysZIP64
        let stream = method == .deflate ? try DeflateStream.deflating(level: options.compressionLevel) : nil
        try emit(entry.localHeader())
        state = .writing(OpenEntry(entry: entry, stream: stream))
    }

    /// Adds bytes to the file begun.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(ZIPError) {
        guard case .writing(var open) = state else { throw ZIPError(.misuse) }
        open.crc.update(bytes)
        open.entry.size += UInt64(bytes.count)
        if let stream = open.stream {
            try deflate(bytes, by: stream, finish: false, &open.entry)
        } else {
            try emit(bytes)
            open.entry.compressedSize += UInt64(bytes.count)
        }
        guard open.entry.usesZIP64 || max(open.entry.size, open.entry.compressedSize) < UInt64(UInt32.max) else {
            state = .finished  // the sizes no longer fit the header that was written
            throw ZIPError(.entryTooLarge, entry: written.count)
        }
        state = .writing(open)
    }

    /// Adds bytes to the file begun.
    public func write(_ bytes: [UInt8]) throws(ZIPError) {
        var failure: ZIPError?
        bytes.withUnsafeBytes { do throws(ZIPError) { try write($0) } catch { failure = error } }
        if let failure { throw failure }
    }

    /// Closes the file begun.
    public func end() throws(ZIPError) {
        guard case .writing(var open) = state else { throw ZIPError(.misuse) }
        if let stream = open.stream {
            try deflate(UnsafeRawBufferPointer(start: nil, count: 0), by: stream, finish: true, &open.entry)
        }
        open.entry.crc32 = open.crc.value
        try emit(open.entry.descriptor())
        written.append(open.entry)
        state = .ready
    }

    /// Writes the central directory and gives the sink back. Nothing may be written after.
    public func finish() throws(ZIPError) -> Sink {
        guard case .ready = state else { throw ZIPError(.misuse) }
        state = .finished
        let start = position
        for entry in written { try emit(entry.centralHeader(alwaysZIP64: options.alwaysZIP64)) }
        try emit(
            WrittenEntry.endRecords(
                count: written.count, directoryOffset: start, directorySize: position - start,
                alwaysZIP64: options.alwaysZIP64))
        return sink
    }

    // MARK: Parts

    private struct OpenEntry {
        var entry: WrittenEntry
        let stream: DeflateStream?
        var crc = CRC32()
    }

    private func start(_ name: String, method: ZIPEntry.Method, modified: ZIPTime) throws(ZIPError) -> WrittenEntry {
        guard case .ready = state else { throw ZIPError(.misuse) }
        let index = written.count
        guard index < options.limits.entries else { throw ZIPError(.tooManyEntries, entry: index) }
        try ZIPEntryName.check(name, limits: options.limits, entry: index)
        guard names.insert(ZIPEntryName.key(name)).inserted else { throw ZIPError(.duplicateName, entry: index) }
        return WrittenEntry(name: Array(name.utf8), method: method, modified: modified, offset: position)
    }

    private func deflated(_ bytes: [UInt8]) throws(ZIPError) -> [UInt8] {
        let stream = try DeflateStream.deflating(level: options.compressionLevel)
        var result: [UInt8] = []
        var failure: ZIPError?
        bytes.withUnsafeBytes { input in
            do throws(ZIPError) {
                try run(stream, input, finish: true) { (piece) throws(ZIPError) in result.append(contentsOf: piece) }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return result
    }

    private func deflate(
        _ input: UnsafeRawBufferPointer, by stream: DeflateStream, finish: Bool, _ entry: inout WrittenEntry
    ) throws(ZIPError) {
        var count = 0
        try run(stream, input, finish: finish) { (piece) throws(ZIPError) in
            try emit(piece)
            count += piece.count
        }
        entry.compressedSize += UInt64(count)
    }

    private func run(
        _ stream: DeflateStream, _ input: UnsafeRawBufferPointer, finish: Bool,
        _ body: (UnsafeRawBufferPointer) throws(ZIPError) -> Void
    ) throws(ZIPError) {
        var rest = input
        var buffer: [UInt8] = []
        swap(&buffer, &output)  // taken out while it is used, so that `emit` may touch the rest of the writer
        defer { swap(&buffer, &output) }
        var failure: ZIPError?
        buffer.withUnsafeMutableBytes { room in
            do throws(ZIPError) {
                while true {
                    let step = try stream.deflate(rest, into: room, finish: finish)
                    rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
                    try body(UnsafeRawBufferPointer(rebasing: room[..<step.produced]))
                    if step.isComplete || (!finish && rest.isEmpty && step.produced < room.count) { break }
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func emit(_ bytes: UnsafeRawBufferPointer) throws(ZIPError) {
        guard !bytes.isEmpty else { return }
        try sink.write(bytes)
        position += UInt64(bytes.count)
    }

    private func emit(_ bytes: [UInt8]) throws(ZIPError) {
        var failure: ZIPError?
        bytes.withUnsafeBytes { do throws(ZIPError) { try emit($0) } catch { failure = error } }
        if let failure { throw failure }
    }
}

extension ZIPWriter where Sink == ZIPMemorySink {
    /// A writer to memory; ``finish()`` gives the sink that holds the bytes.
    public convenience init(options: Options = Options()) { self.init(to: ZIPMemorySink(), options: options) }
}
