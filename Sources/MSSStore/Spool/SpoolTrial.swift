import MSSCore

/// A spool's log written from instructions, opened and judged: for fuzzing. What a checksum would keep a fuzzer from
/// reaching is sealed with the right key first.
package struct SpoolTrial {
    /// What must hold and did not; `nil` when all did.
    package private(set) var fault: String?

    private let layout: SpoolLayout
    private let master: StoreMasterKey
    private let store = [UInt8](repeating: 3, count: 16)
    private var segment: [UInt8]
    private let key: SealingKey
    private var synced = 0

    /// Writes a segment as `instructions` say into a folder, and opens it in both ways.
    ///
    /// Instructions: an octet of kind, two of a length, so many octets. 0: a transaction of these octets; 1: a piece of a
    /// message; 2: a good transaction that adds a message of them; 3: what was written so far counts as synced; 4: octets
    /// as they are, unsealed; 5: an octet changed at a place; 6: cut at a place.
    package init(_ instructions: [UInt8], in folder: String) throws {
        layout = SpoolLayout(root: folder)
        master = try StoreMasterKey([UInt8](repeating: 9, count: 32))
        key = SealingKey([UInt8](repeating: 5, count: 32))!  // of 32 octets
        let context = SpoolRecord.keyContext(store, 1)
        segment = SpoolRecord.header(1, wrapped: try master.key.wrap(key, context: context))
        try seal(.manifest, SpoolManifest(SpoolIndex()).bytes)
        try obey(instructions)
        try judge()
    }

    private mutating func seal(_ kind: SpoolRecord.Kind, _ payload: [UInt8]) throws {
        try SpoolRecord.append(
            kind, payload, number: 1, offset: segment.count, synced: synced, key, to: &segment)
    }

    private mutating func obey(_ instructions: [UInt8]) throws {
        var rest = instructions[...]
        var number: UInt64 = 1
        while rest.count >= 3, segment.count < 1 << 17 {
            let kind = rest.removeFirst()
            let count = Int(rest.removeFirst()) | Int(rest.removeFirst()) << 8
            let payload = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            switch kind % 7 {
            case 0: try seal(.transaction, payload)
            case 1: try seal(.chunk, payload)
            case 2:
                let place = ChunkPlace(segment: 1, offset: UInt32(segment.count), count: UInt32(payload.count))
                try seal(.chunk, payload)
                let message = StoredMessage(
                    number: number, name: "m\(number)", arrival: Timestamp(seconds: 1),
                    envelope: [], content: StoredContent(size: payload.count, chunks: [place]),
                    shares: [StoredShare(destination: "d.test", due: Timestamp(seconds: 1))])
                number += 1
                try seal(.transaction, SpoolOperation.encode([.add(message)]))
            case 3: synced = segment.count
            case 4: segment += payload
            case 5 where !payload.isEmpty && segment.count > SpoolRecord.headerCount:
                let room = segment.count - SpoolRecord.headerCount
                segment[SpoolRecord.headerCount + payload.reduce(0) { ($0 &* 251 &+ Int($1)) % room }] ^= payload[0] | 1
            case 6 where segment.count > SpoolRecord.headerCount:
                let room = segment.count - SpoolRecord.headerCount
                segment.removeLast(payload.reduce(0) { ($0 &* 251 &+ Int($1)) % room })
            default: break
            }
        }
    }

    /// Opening never fails but by a `StoreError`; salvaging never fails at all, finds what the strict way finds, and finds
    /// the same again.
    private mutating func judge() throws {
        let strict = try open(.refuse)
        let salvaged = try open(.salvage)
        let again = try open(.salvage)
        guard let salvaged, let again else {
            fault = "salvage refused"
            return
        }
        if salvaged != again { fault = "salvaged differently" }
        if let strict, strict != salvaged { fault = "salvage differs from a sound log" }
    }

    /// What opening finds; `nil` when it refuses.
    private mutating func open(_ choice: SpoolRecoveryChoice) throws -> [String]? {
        for name in try Folder.names(layout.root) { try Folder.remove(layout.root + "/" + name) }
        try File(layout.segment(1), .create).write(segment, at: 0)
        let configuration = SpoolConfiguration(segmentSize: 1 << 18, recovery: choice)
        var recovery = SpoolRecovery(layout, store: store, master, configuration)
        let state: SpoolState
        do { state = try recovery.run().0 } catch {
            guard case .system = error else { return nil }
            throw error
        }
        for number in state.index.usage.numbers {
            let usage = state.index.usage[number]
            if (usage?.references ?? 0) < 0 || (usage?.octets ?? 0) < 0 { fault = "usage below zero" }
        }
        return state.index.entries.map { number, entry in
            "\(number) \(entry.name) \(entry.content.size) \(entry.isDamaged) \(entry.shares.count)"
        }.sorted()
    }
}
