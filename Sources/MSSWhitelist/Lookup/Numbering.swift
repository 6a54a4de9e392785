import MSSCore

/// The distinct keys of a list, numbered in the order met.
///
/// Open addressing over one array of places: half the time of a dictionary, whose hash and comparison of texts count
/// beside the memory they touch.
struct Numbering<Key: ListKey>: Sendable {
    /// The keys, by number.
    private(set) var keys: [Key] = []
    /// A power of two of places: a number and a part of its key's hash, or a free place.
    private var places = [Place](repeating: .free, count: 64)

    private struct Place {
        static var free: Place { Place(number: -1, hash: 0) }
        let number: Int32
        let hash: UInt32
    }

    /// How many keys there are.
    var count: Int { keys.count }

    /// Makes room for keys.
    mutating func reserveCapacity(_ count: Int) {
        keys.reserveCapacity(count)
        var size = places.count
        while size < count * 2 { size *= 2 }
        if size > places.count { resize(size) }
    }

    /// The number of a key, if it has one.
    subscript(key: Key) -> Int32? {
        let hash = key.foldedHash
        let mask = places.count - 1
        let part = UInt32(truncatingIfNeeded: hash >> 32)
        var index = Int(truncatingIfNeeded: hash) & mask
        while places[index].number >= 0 {
            if places[index].hash == part, keys[Int(places[index].number)] == key { return places[index].number }
            index = (index + 1) & mask
        }
        return nil
    }

    /// The number of a key, given on first use.
    mutating func number(of key: Key) -> Int32 {
        if let known = self[key] { return known }
        let number = Int32(keys.count)
        keys.append(key)
        if keys.count * 2 > places.count { resize(places.count * 2) } else { put(number) }
        return number
    }

    private mutating func resize(_ size: Int) {
        places = [Place](repeating: .free, count: size)
        for number in keys.indices { put(Int32(number)) }
    }

    private mutating func put(_ number: Int32) {
        let hash = keys[Int(number)].foldedHash
        var index = Int(truncatingIfNeeded: hash) & (places.count - 1)
        while places[index].number >= 0 { index = (index + 1) & (places.count - 1) }
        places[index] = Place(number: number, hash: UInt32(truncatingIfNeeded: hash >> 32))
    }
}

/// What a ``Numbering`` numbers.
protocol ListKey: Hashable, Sendable {
    /// A hash by ``FoldedHash``, equal for equal keys.
    var foldedHash: UInt64 { get }
}

extension Domain: ListKey {
    var foldedHash: UInt64 { FoldedHash.hash(ascii) }
}

extension DistinguishedName: ListKey {
    // The name keeps a hash of its matching form: this costs no reading of it.
    var foldedHash: UInt64 { FoldedHash.hash(matchingHash) }
}

extension EntryKeys.Pair: ListKey {
    var foldedHash: UInt64 { FoldedHash.hash(Int(domain) << 32 | Int(certificateName)) }
}

/// A hash by folded multiplications, eight bytes at a time, under secrets of this process: who does not know them cannot
/// choose texts that collide. SipHash took a quarter of the reading of a list, and most of a lookup.
enum FoldedHash {
    private static let secrets = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max) | 1)

    /// The hash of bytes.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let (first, second) = secrets
        var state = first ^ UInt64(truncatingIfNeeded: bytes.count)
        var index = 0
        while index + 8 <= bytes.count {
            state = fold(state ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self), second) ^ first
            index += 8
        }
        var rest: UInt64 = 0
        while index < bytes.count {
            rest = rest << 8 | UInt64(bytes[index])
            index += 1
        }
        return fold(fold(state ^ rest, second) ^ first, second)
    }

    /// The hash of a text's UTF-8.
    static func hash(_ text: String) -> UInt64 {
        text.utf8.withContiguousStorageIfAvailable { hash(UnsafeRawBufferPointer($0)) }
            ?? Array(text.utf8).withUnsafeBytes { hash($0) }
    }

    /// The hash of a number.
    static func hash(_ number: Int) -> UInt64 {
        let (first, second) = secrets
        return fold(fold(first ^ UInt64(truncatingIfNeeded: number), second) ^ first, second)
    }

    private static func fold(_ word: UInt64, _ factor: UInt64) -> UInt64 {
        let product = word.multipliedFullWidth(by: factor)
        return product.high ^ product.low
    }
}
