import MSSCore

/// The forms of this library on the disk, read and written again: for fuzzing. Each returns what is wrong; `nil` when
/// nothing is, or when the octets are none of the form.
package enum StoreForms {
    /// An envelope of the spool.
    package static func envelope(_ bytes: [UInt8]) -> String? {
        guard let envelope = try? EnvelopeCoding.decode(bytes) else { return nil }
        return (try? EnvelopeCoding.decode(EnvelopeCoding.encode(envelope))) == envelope ? nil : "envelope"
    }

    /// A transaction of the spool, and the list of segments.
    package static func operations(_ bytes: [UInt8]) -> String? {
        if let operations = try? SpoolOperation.decode(bytes), SpoolOperation.encode(operations) != bytes {
            return "operations"
        }
        if let manifest = try? SpoolManifest(bytes: bytes), (try? SpoolManifest(bytes: manifest.bytes)) != manifest {
            return "manifest"
        }
        return nil
    }

    /// The facts of a message in quarantine.
    package static func facts(_ bytes: [UInt8]) -> String? {
        guard let facts = try? HeldFormat.decode(bytes, "x") else { return nil }
        return (try? HeldFormat.decode(HeldFormat.encode(facts), "x")) == facts ? nil : "facts"
    }

    /// A message in frames: the last octets say where it is cut into pieces, and which octet of the result is changed.
    package static func blob(_ bytes: [UInt8]) throws -> String? {
        guard bytes.count >= 8 else { return nil }
        // Longer than a frame, whatever the fuzzer's limit.
        let plain = Array(repeatElement(bytes.dropLast(4), count: 1 + Int(bytes[0]) * 64).joined().prefix(200_000))
        var sealer = try BlobSealer()
        var sealed: [UInt8] = []
        let step = 1 + Int(bytes[bytes.count - 1]) * 331
        for start in stride(from: 0, to: plain.count, by: step) {
            try sealer.add(plain[start..<min(start + step, plain.count)], to: &sealed)
        }
        try sealer.finish(to: &sealed)
        guard sealed.count == BlobFormat.count(plain.count) else { return "count" }
        guard try open(sealed, plain.count, sealer) == plain else { return "round trip" }
        let place = bytes.suffix(4).reduce(0) { $0 << 8 | Int($1) } % sealed.count
        sealed[place] ^= bytes[0] | 1
        return try open(sealed, plain.count, sealer) == nil ? nil : "a changed octet passed"
    }

    private static func open(_ sealed: [UInt8], _ size: Int, _ sealer: BlobSealer) throws -> [UInt8]? {
        var plain: [UInt8] = []
        let count = BlobFormat.frames(size)
        for index in 0..<count {
            let place = BlobFormat.place(index, size: size)
            let frame = Array(sealed[place.offset..<place.offset + place.count + SealingKey.tagCount])
            guard
                let opened = try BlobFormat.open(
                    frame, index: index, isLast: index == count - 1, sealer.name, sealer.key)
            else { return nil }
            plain += opened
        }
        return plain
    }
}
