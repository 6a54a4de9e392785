import MSSCore
import MSSTLS

/// The verification of one journal.
struct JournalVerification {
    private let family: TraceFamily
    private let layout: StoreLayout
    private let identity: String
    private let certificates: [TraceDigest: Certificate]
    /// Heads known from elsewhere, read before the journal, so that a writer at work makes no false alarm.
    private var known: [TraceHead] = []
    private var opening: [TraceFinding] = []

    /// Where the walk stands.
    private var next: UInt64 = 1
    private var head: TraceDigest
    private var previousSeal: TraceDigest
    private var lastTime: Timestamp?
    /// After a fault numbers and digests start anew at the next segment.
    private var isLost = false

    init(
        _ family: TraceFamily, _ layout: StoreLayout, identity: String, certificates: [TraceDigest: Certificate],
        anchors: [any TraceAnchor], heads: [TraceHead]
    ) {
        self.family = family
        self.layout = layout
        self.identity = identity
        self.certificates = certificates
        head = ChainLink.genesis(store: identity, family: family)
        previousSeal = TraceSeal.genesis(store: identity, family: family)
        let own = (try? File(layout.head(family), .read).readAll()).flatMap {
            TraceHead(text: String(decoding: $0, as: UTF8.self))
        }
        if let own, own.store == identity, own.family == family {
            known.append(own)
        } else {
            opening.append(.head(family))
        }
        for anchor in anchors {
            do {
                guard let head = try anchor.latest(family) else { continue }
                if head.store == identity {
                    known.append(head)
                } else {
                    opening.append(.rewritten(family, sequence: head.sequence))
                }
            } catch { opening.append(.anchor(family)) }
        }
        for head in heads where head.family == family {
            if head.store == identity {
                known.append(head)
            } else {
                opening.append(.rewritten(family, sequence: head.sequence))
            }
        }
    }

    mutating func run(_ result: inout TraceVerification) {
        result.findings += opening
        let seals: [UInt64]
        let segments: [UInt64]
        do {
            seals = try layout.numbers(family, "seal")
            segments = try layout.numbers(family, "segment")
        } catch {
            result.findings.append(.unreadable(path: layout.folder(family)))
            return
        }
        compare(0, head, &result)
        let last = max(seals.last ?? 0, segments.last ?? 0)
        let present = Set(segments)
        for number in stride(from: UInt64(1), through: last, by: 1) {
            let seal = number <= seals.last ?? 0 || number < last ? self.seal(number, &result) : nil
            let erasure = self.erasure(number, seal, &result)
            if present.contains(number) {
                segment(number, seal, erasure, &result)
            } else if let seal, let erasure, erasure.ending == .deletion {
                skip(seal, &result)
                result.erased += 1
            } else {
                result.findings.append(.segmentMissing(family, segment: number))
                if let seal { skip(seal, &result) } else { isLost = true }
            }
        }
        if let expected = known.map(\.sequence).max(), expected >= next {
            result.findings.append(.truncated(family, lastFound: next - 1, lastKnown: expected))
        }
    }

    /// Goes on after a segment that is not there: its seal says where.
    private mutating func skip(_ seal: TraceSeal, _ result: inout TraceVerification) {
        if !isLost, seal.first != next || seal.previousHead != head {
            result.findings.append(.seal(family, segment: seal.segment, .chain))
        }
        next = seal.last + 1
        head = seal.head
        isLost = false
        compare(seal.last, seal.head, &result)
    }

    private func compare(_ sequence: UInt64, _ digest: TraceDigest, _ result: inout TraceVerification) {
        for head in known where head.sequence == sequence && head.digest != digest {
            result.findings.append(.rewritten(family, sequence: sequence))
            return
        }
    }

    // MARK: Signed texts

    private mutating func seal(_ number: UInt64, _ result: inout TraceVerification) -> TraceSeal? {
        func fault(_ fault: TraceFinding.SignedFault) { result.findings.append(.seal(family, segment: number, fault)) }
        guard let text = read(number, "seal"), let signature = read(number, "signature") else {
            fault(.missing)
            return nil
        }
        guard let seal = TraceSeal(text: String(decoding: text, as: UTF8.self)) else {
            fault(.form)
            return nil
        }
        if let wrong = check(text, signature, seal.certificate) {
            fault(wrong)
            return nil
        }
        result.seals += 1
        guard seal.store == identity, seal.family == family, seal.segment == number,
            seal.previousSeal == previousSeal
        else {
            fault(.chain)
            previousSeal = seal.digest
            return nil
        }
        previousSeal = seal.digest
        return seal
    }

    private func erasure(
        _ number: UInt64, _ seal: TraceSeal?, _ result: inout TraceVerification
    ) -> TraceErasure? {
        guard Folder.exists(layout.path(family, number, "erasure")) else { return nil }
        func fault(_ fault: TraceFinding.SignedFault) {
            result.findings.append(.erasure(family, segment: number, fault))
        }
        guard let text = read(number, "erasure"), let signature = read(number, "erasure-signature") else {
            fault(.missing)
            return nil
        }
        guard let erasure = TraceErasure(text: String(decoding: text, as: UTF8.self)) else {
            fault(.form)
            return nil
        }
        if let wrong = check(text, signature, erasure.certificate) {
            fault(wrong)
            return nil
        }
        guard let seal, erasure.fits(seal) else {
            fault(.chain)
            return nil
        }
        return erasure
    }

    private func read(_ number: UInt64, _ kind: String) -> [UInt8]? {
        try? File(layout.path(family, number, kind), .read).read(64 * 1024, at: 0)
    }

    private func check(_ text: [UInt8], _ signature: [UInt8], _ name: TraceDigest) -> TraceFinding.SignedFault? {
        guard let certificate = certificates[name] else { return .unknownCertificate }
        return certificate.verifiesSHA256(signature, of: text) ? nil : .signature
    }

    // MARK: Records

    private mutating func segment(
        _ number: UInt64, _ seal: TraceSeal?, _ erasure: TraceErasure?, _ result: inout TraceVerification
    ) {
        guard let bytes = try? File(layout.segment(family, number), .read).readAll() else {
            result.findings.append(.unreadable(path: layout.segment(family, number)))
            isLost = true
            return
        }
        result.bytes += bytes.count
        bytes.withUnsafeBytes { walk($0, number, seal, erasure, &result) }
    }

    private mutating func walk(
        _ bytes: UnsafeRawBufferPointer, _ number: UInt64, _ seal: TraceSeal?, _ erasure: TraceErasure?,
        _ result: inout TraceVerification
    ) {
        guard var scan = try? SegmentScan(bytes), scan.header.family == family, scan.header.number == number,
            scan.header.store == [UInt8](hex: identity)
        else {
            result.findings.append(.header(family, segment: number))
            if let seal { resume(after: seal) } else { isLost = true }
            return
        }
        if !isLost {
            if scan.header.first != next {
                result.findings.append(.gap(family, expected: next, found: scan.header.first))
            } else if scan.header.previous != head {
                result.findings.append(.altered(family, sequence: next - 1))
            }
        }
        let heads = Dictionary(known.map { ($0.sequence, $0.digest) }, uniquingKeysWith: { first, _ in first })
        do {
            while let view = try scan.record(bytes) {
                result.records += 1
                if seal == nil { result.unsealed += 1 }
                let time = Timestamp(seconds: view.seconds, nanoseconds: view.nanoseconds)
                if let lastTime, time < lastTime {
                    result.findings.append(.clockWentBack(family, sequence: view.sequence))
                }
                lastTime = time
                if view.flags != 0, erasure == nil {
                    result.findings.append(.erasedWithoutStatement(family, sequence: view.sequence))
                }
                if heads[view.sequence] != nil { compare(view.sequence, scan.head, &result) }
            }
            if let seal {
                if seal.first != scan.header.first || seal.last != scan.next - 1
                    || seal.previousHead != scan.header.previous || seal.head != scan.head || seal.chain != scan.chain
                {
                    result.findings.append(.sealedOtherwise(family, segment: number))
                    resume(after: seal)
                    return
                }
            }
            next = scan.next
            head = scan.head
            isLost = false
        } catch {
            fault(error, scan, bytes.count, number, seal, &result)
        }
    }

    private mutating func fault(
        _ fault: SegmentFault, _ scan: SegmentScan, _ count: Int, _ number: UInt64, _ seal: TraceSeal?,
        _ result: inout TraceVerification
    ) {
        switch fault {
        case .header: result.findings.append(.header(family, segment: number))
        case .record(_, let offset):
            let expected = known.map(\.sequence).max() ?? 0
            if seal == nil, scan.next > expected {
                result.findings.append(.unfinished(family, bytes: count - offset))
                next = scan.next
                head = scan.head
                isLost = false
                return
            }
            result.findings.append(.damaged(family, segment: number, sequence: scan.next))
        case .sequence(let expected, let found, _):
            result.findings.append(.gap(family, expected: expected, found: found))
        case .chain(let sequence, _):
            result.findings.append(.altered(family, sequence: sequence - 1))
        }
        if let seal {
            resume(after: seal)
        } else {
            next = scan.next
            head = scan.head
            isLost = true
        }
    }

    /// The rest of a faulty segment cannot be followed; its seal says where the next begins.
    private mutating func resume(after seal: TraceSeal) {
        next = seal.last + 1
        head = seal.head
        isLost = false
    }
}
