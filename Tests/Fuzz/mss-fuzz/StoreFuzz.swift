import Glibc
import MSSStore

private func input(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
}

private func require(_ fault: String?) { if let fault { fatalError(fault) } }

/// In memory, so that a run costs no disk.
private let folder: String = {
    let path = "/dev/shm/mss-fuzz-\(getpid())"
    precondition(mkdir(path, 0o700) == 0)
    return path
}()

/// The log of a spool, with records sealed rightly around whatever the fuzzer says.
let fuzzStoreSpool: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    do { require(try SpoolTrial(input(bytes, count), in: folder).fault) } catch { fatalError("\(error)") }
    return 0
}

/// Transactions and lists of segments.
let fuzzStoreOperations: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    require(StoreForms.operations(input(bytes, count)))
    return 0
}

/// Envelopes, and the facts of messages in quarantine.
let fuzzStoreEnvelope: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    require(StoreForms.envelope(input(bytes, count)))
    require(StoreForms.facts(input(bytes, count)))
    return 0
}

/// Messages in frames.
let fuzzStoreBlob: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    do { require(try StoreForms.blob(input(bytes, count))) } catch { fatalError("\(error)") }
    return 0
}
