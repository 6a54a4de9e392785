import Glibc

/// Bytes of an archive, read at any place.
public protocol ZIPSource: Sendable {
    /// How many bytes there are.
    var byteCount: UInt64 { get }
    /// Fills `buffer` with the bytes that begin at `offset`. Throws ``ZIPError/Reason/malformedRecord`` when they are
    /// not all there and ``ZIPError/Reason/inputOutput`` when the system fails.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(ZIPError)
}

extension ZIPSource {
    func bytes(at offset: UInt64, count: Int) throws(ZIPError) -> [UInt8] {
        guard offset <= byteCount, UInt64(count) <= byteCount - offset else { throw ZIPError(.malformedRecord) }
        var failure: ZIPError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(ZIPError) {
                try read(at: offset, into: .init(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
                initialized = count
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
}

/// An archive in memory.
public struct ZIPMemorySource: ZIPSource {
    private let bytes: [UInt8]

    /// The archive `bytes`.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// How many bytes there are.
    public var byteCount: UInt64 { UInt64(bytes.count) }

    /// Copies bytes of the array.
    public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(ZIPError) {
        guard offset <= byteCount, UInt64(buffer.count) <= byteCount - offset else { throw ZIPError(.malformedRecord) }
        bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[Int(offset)..<Int(offset) + buffer.count])) }
    }
}

/// An archive in a file, read by `pread`, which shares no position: several readers may use one source.
public final class ZIPFileSource: ZIPSource {
    private let descriptor: Int32
    /// The length of the file when it was opened.
    public let byteCount: UInt64

    /// Opens the regular file at `path`; throws ``ZIPError/Reason/inputOutput``.
    public init(path: String) throws(ZIPError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ZIPError(.inputOutput, systemError: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let error = errno
            close(descriptor)
            throw ZIPError(.inputOutput, systemError: error)
        }
        self.descriptor = descriptor
        byteCount = UInt64(status.st_size)
    }

    deinit { close(descriptor) }

    /// Reads bytes of the file.
    public func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(ZIPError) {
        guard offset <= byteCount, UInt64(buffer.count) <= byteCount - offset else { throw ZIPError(.malformedRecord) }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset) + off_t(done))
            if count > 0 {
                done += count
            } else if count == 0 {
                throw ZIPError(.malformedRecord)  // the file was cut since it was opened
            } else if errno != EINTR {
                throw ZIPError(.inputOutput, systemError: errno)
            }
        }
    }
}
