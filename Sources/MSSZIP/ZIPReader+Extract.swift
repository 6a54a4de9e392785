extension ZIPReader {
    /// Bytes read and expanded at a time.
    static let chunk = 64 << 10

    /// Gives the expanded bytes of `entry` to `body`, a piece of at most 64 KiB at a time, in order.
    ///
    /// What was given is only known to be whole and intact once this returns: size and CRC-32 are judged at the end.
    /// Stops with an error as soon as the data goes beyond its declared size or `budget`.
    public func extract(
        _ entry: ZIPEntry, budget: inout ZIPBudget, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var crc = CRC32()
        var produced: UInt64 = 0
        func take(_ bytes: UnsafeRawBufferPointer) throws {
            guard !bytes.isEmpty else { return }
            guard UInt64(bytes.count) <= entry.size - produced else {
                throw ZIPError(.sizeMismatch, entry: entry.index)
            }
            try budget.spend(bytes.count, entry: entry.index)
            produced += UInt64(bytes.count)
            crc.update(bytes)
            try body(bytes)
        }
        switch entry.method {
        case .store: try readCompressed(entry) { try take($0) }
        case .deflate: try inflate(entry, take)
        }
        guard produced == entry.size else { throw ZIPError(.sizeMismatch, entry: entry.index) }
        guard crc.value == entry.crc32 else { throw ZIPError(.checksumMismatch, entry: entry.index) }
    }

    /// The whole of `entry`, checked.
    public func bytes(of entry: ZIPEntry, budget: inout ZIPBudget) throws -> [UInt8] {
        guard entry.size <= budget.bytes else { throw ZIPError(.archiveTooLarge, entry: entry.index) }
        var bytes: [UInt8] = []
        // A lying header must not reserve what the data then does not give.
        bytes.reserveCapacity(Int(min(entry.size, max(entry.compressedSize &* 8, 4_096))))
        try extract(entry, budget: &budget) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// The whole of `entry`, checked, with a budget of its own.
    public func bytes(of entry: ZIPEntry) throws -> [UInt8] {
        var budget = ZIPBudget(limits)
        return try bytes(of: entry, budget: &budget)
    }

    private func readCompressed(_ entry: ZIPEntry, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var position = entry.dataOffset
        var left = entry.compressedSize
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 16)
        defer { buffer.deallocate() }
        while left > 0 {
            let count = Int(min(left, UInt64(Self.chunk)))
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
            try source.read(at: position, into: piece)
            position += UInt64(count)
            left -= UInt64(count)
            try body(UnsafeRawBufferPointer(piece))
        }
    }

    private func inflate(_ entry: ZIPEntry, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let stream = try DeflateStream.inflating()
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 16)
        defer { output.deallocate() }
        var isComplete = false
        try readCompressed(entry) { input in
            // Compressed bytes after the end of the stream hide something.
            guard !isComplete else { throw ZIPError(.sizeMismatch, entry: entry.index) }
            var rest = input
            while !isComplete {
                let step: DeflateStream.Step
                do throws(ZIPError) { step = try stream.inflate(rest, into: output) } catch {
                    throw ZIPError(error.reason, entry: entry.index)
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[step.consumed...])
                try body(UnsafeRawBufferPointer(rebasing: output[..<step.produced]))
                isComplete = step.isComplete
                // All taken and the output not full: zlib wants more input.
                if rest.isEmpty, step.produced < output.count { break }
                if step.consumed == 0, step.produced == 0 { break }
            }
            guard rest.isEmpty else { throw ZIPError(.sizeMismatch, entry: entry.index) }
        }
        guard isComplete else { throw ZIPError(.sizeMismatch, entry: entry.index) }
    }
}
