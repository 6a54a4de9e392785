import MSSCore
import MSSTLS

/// Erases what is past its retention, segment by segment. For each: the trace first, then the signed statement, then
/// the erasure itself, so that a crash in between leaves a statement whose work is done at the next run, and never an
/// erasure without statement.
struct RetentionRun {
    let store: TraceStore
    let retention: TraceRetention
    let access: TraceAccess

    /// A store whose last record is older than this by the clock does not erase: more likely the clock is wrong.
    static let clockTolerance = Duration.seconds(31 * 86_400)

    func run() async throws -> [TraceErasure] {
        let now = store.configuration.clock.now()
        var due: [(TraceSeal, TraceRetention.Ending)] = []
        var newest: Timestamp?
        for family in TraceFamily.allCases {
            let rule = retention[family]
            let cutoff = try rule.cutoff(now)
            let (seals, latest) = try await offPool { [store] in try RetentionRun.closed(store, family) }
            newest = [newest, latest].compactMap(\.self).max()
            due += seals.filter { $0.latest < cutoff }.map { ($0, rule.ending) }
        }
        guard let newest, now - newest <= RetentionRun.clockTolerance else {
            if due.isEmpty { return [] }
            throw TraceError.clockImplausible(now: now, lastRecord: newest ?? now)
        }
        var done: [TraceErasure] = []
        for (seal, ending) in due { if let erasure = try await erase(seal, ending, now) { done.append(erasure) } }
        return done
    }

    /// The seals of the segments that are still there, and the time of the newest record.
    private static func closed(_ store: TraceStore, _ family: TraceFamily) throws -> ([TraceSeal], Timestamp?) {
        var seals: [TraceSeal] = []
        var latest: Timestamp?
        for entry in store.catalogue.segments(family) {
            if entry.head != nil, let seal = try store.layout.readSeal(family, entry.number) {
                seals.append(seal)
                latest = max(latest ?? seal.latest, seal.latest)
            } else if let memory = entry.memory {
                latest = max(latest ?? memory.latest, memory.latest)
            }
        }
        return (seals, latest)
    }

    private func erase(_ seal: TraceSeal, _ ending: TraceRetention.Ending, _ now: Timestamp) async throws
        -> TraceErasure?
    {
        let layout = store.layout
        let path = layout.segment(seal.family, seal.segment)
        let earlier = try await offPool { try layout.readErasure(seal.family, seal.segment) }
        if let earlier, ending == .anonymisation, earlier.ending == .anonymisation,
            try await offPool({ try Eraser.isAnonymised(path) })
        {
            return nil
        }
        var statement = earlier
        if earlier?.ending != ending || earlier?.fits(seal) != true {
            let receipt = try await store.record(
                TraceEvent(
                    .endRetention, by: .administrator(access.person), means: access.means,
                    request: TraceText(access.purpose.text),
                    changes: [
                        TraceChange("journal", before: seal.family.rawValue, after: nil),
                        TraceChange("segment", before: String(seal.segment), after: nil),
                        TraceChange("records", before: "\(seal.first)-\(seal.last)", after: ending.rawValue),
                        TraceChange("head", before: seal.head.hex, after: nil),
                    ]))
            statement = TraceErasure(
                seal, ending, trace: receipt.sequence, at: now,
                by: TraceDigest(of: store.signer.certificate.der))
        }
        guard let statement else { return nil }
        try await offPool { [store] in
            // Its index must not be written after it is gone.
            store.catalogue.finishIndexing()
            try layout.writeSigned(
                statement.text, seal.family, seal.segment, kind: "erasure", signatureKind: "erasure-signature",
                signer: store.signer)
            switch ending {
            case .deletion:
                store.catalogue.forget(seal.family, seal.segment)
                try Eraser.delete(layout.index(seal.family, seal.segment))
                try Eraser.delete(path)
            case .anonymisation:
                try Eraser.anonymise(path, seal)
                try Eraser.delete(layout.index(seal.family, seal.segment))
            }
            try Folder.synchronize(layout.folder(seal.family))
        }
        return statement
    }
}

/// Takes bytes off the disk.
enum Eraser {
    static func delete(_ path: String) throws(TraceError) {
        guard Folder.exists(path) else { return }
        try File(path, .readWrite).overwrite()
        try Folder.remove(path)
    }

    static func isAnonymised(_ path: String) throws -> Bool {
        let bytes = try File(path, .read).read(SegmentHeader.count + RecordFormat.frame + 1, at: 0)
        guard let flags = bytes.last, bytes.count == SegmentHeader.count + RecordFormat.frame + 1 else { return false }
        return flags & RecordFormat.personalErased != 0
    }

    /// Writes the segment anew without its personal parts, puts it in place, and overwrites the old one. A segment that
    /// does not fit its seal is left alone: it is evidence of something.
    static func anonymise(_ path: String, _ seal: TraceSeal) throws {
        let old = try File(path, .readWrite)
        let bytes = try old.readAll()
        var anonymous: [UInt8] = []
        var last = seal.first
        do {
            try bytes.withUnsafeBytes { bytes in
                var scan = try SegmentScan(bytes)
                anonymous = scan.header.bytes
                anonymous.reserveCapacity(bytes.count / 2)
                while let view = try scan.record(bytes) {
                    last = view.sequence
                    let link = view.link(bytes, family: seal.family)
                    RecordFormat.append(
                        link, facts: view.facts(bytes), personal: .erased(link.personal), to: &anonymous)
                }
                guard scan.head == seal.head, scan.chain == seal.chain else {
                    throw SegmentFault.chain(sequence: last, offset: scan.offset)
                }
            }
        } catch let fault as SegmentFault {
            _ = fault
            throw TraceError.damaged(seal.family, sequence: last, path: path)
        }
        try Folder.write(anonymous, to: path)
        try old.overwrite()
    }
}

extension StoreLayout {
    func readErasure(_ family: TraceFamily, _ number: UInt64) throws(TraceError) -> TraceErasure? {
        let path = path(family, number, "erasure")
        guard Folder.exists(path) else { return nil }
        let text = String(decoding: try File(path, .read).readAll(), as: UTF8.self)
        guard let erasure = TraceErasure(text: text), erasure.family == family, erasure.segment == number else {
            throw .seal(family, segment: number, path: path)
        }
        return erasure
    }
}
