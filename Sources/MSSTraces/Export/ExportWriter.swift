import MSSCore

/// Writes an export: `traces.jsonl`, perhaps `traces.csv`, and under `preuves/` the chain lines, seals and signatures of
/// the segments concerned, under `certificats/` the signers' certificates, and `verifier.sh`, which needs a shell, sed
/// and openssl. Chain lines of records that were not selected tell their number, time and digests, nothing else.
struct ExportWriter {
    let store: TraceStore
    let query: TraceQuery
    let folder: String
    let formats: Set<TraceExportFormat>
    let purpose: TracePurpose

    func write() throws -> TraceExport {
        try Folder.make(folder)
        guard try Folder.names(folder).isEmpty else { throw TraceError.exportFolder(path: folder) }
        try Folder.make(folder + "/preuves")
        try Folder.make(folder + "/certificats")
        let lines = try File(folder + "/traces.jsonl", .create)
        let table = formats.contains(.csv) ? try File(folder + "/traces.csv", .create) : nil
        try table?.write(Array(CSVTable.header.utf8))
        let digest = RunningDigest()
        var records = 0
        var segments = 0
        let search = StoreSearch(catalogue: store.catalogue, query: query)
        for family in query.searchedFamilies {
            var numbers: [UInt64] = []
            for entry in store.catalogue.segments(family) where entry.head != nil {
                var found: [TraceRecord] = []
                if let period = query.period {
                    _ = try search.visit(family, entry, period) { record in
                        found.append(record)
                        return true
                    }
                }
                guard !found.isEmpty else { continue }
                found.reverse()
                var text: [UInt8] = []
                for record in found { text += record.jsonLine }
                text.withUnsafeBytes { digest.add($0) }
                try lines.write(text)
                try table?.write(Array(found.map(CSVTable.line).joined().utf8))
                records += found.count
                segments += 1
                numbers.append(entry.number)
                try chain(family, entry)
            }
            if let low = numbers.min(), let high = numbers.max() { try seals(family, low...high) }
        }
        try certificates()
        try Folder.write(Array(ExportTexts.script.utf8), to: folder + "/verifier.sh")
        try Folder.write(
            Array(ExportTexts.readme(store.identity, query, purpose, records).utf8), to: folder + "/LISEZMOI.txt")
        try lines.synchronize()
        try table?.synchronize()
        return TraceExport(folder: folder, records: records, segments: segments, digest: digest.digest)
    }

    /// The chain lines of a segment, which must be what was sealed.
    private func chain(_ family: TraceFamily, _ entry: Catalogue.Entry) throws {
        let path = store.layout.segment(family, entry.number)
        let bytes = try File(path, .read).readAll()
        let output = try File("\(folder)/preuves/\(family.rawValue)-\(StoreLayout.name(entry.number)).chaine", .create)
        var text: [UInt8] = []
        do {
            try bytes.withUnsafeBytes { bytes in
                var scan = try SegmentScan(bytes)
                while try scan.record(bytes) != nil { text += scan.lastLine }
                guard scan.head == entry.head else {
                    throw SegmentFault.chain(sequence: scan.next, offset: scan.offset)
                }
            }
        } catch { throw TraceError.damaged(family, sequence: entry.first, path: path) }
        try output.write(text)
        try output.synchronize()
    }

    private func seals(_ family: TraceFamily, _ numbers: ClosedRange<UInt64>) throws {
        for number in numbers {
            for kind in ["seal", "signature", "erasure", "erasure-signature"] {
                let path = store.layout.path(family, number, kind)
                guard Folder.exists(path) else { continue }
                try Folder.write(
                    try File(path, .read).readAll(),
                    to: "\(folder)/preuves/\(family.rawValue)-\(StoreLayout.name(number)).\(kind)")
            }
        }
    }

    private func certificates() throws {
        guard Folder.exists(store.layout.certificates) else { return }
        for name in try Folder.names(store.layout.certificates) where name.hasSuffix(".der") {
            let der = try File("\(store.layout.certificates)/\(name)", .read).readAll()
            try Folder.write(
                Array(PEM.certificate(der).utf8), to: "\(folder)/certificats/\(name.dropLast(4)).pem")
        }
    }
}

extension TraceRecord {
    /// The record with its salts on one line; the two parts stand in it byte for byte as they were hashed.
    var jsonLine: [UInt8] {
        var line = Array("{\"family\":\"\(family.rawValue)\",\"segment\":\(segment),\"sequence\":\(sequence),".utf8)
        line += Array("\"written\":\"".utf8)
        line.append(unixTime: written.seconds, written.nanoseconds)
        line.append(0x22)
        for (name, part) in [("saltFacts", facts), ("saltPersonal", personal)] {
            line += Array(",\"\(name)\":".utf8)
            if case .present(let part) = part {
                line.append(0x22)
                for byte in part.salt { line.append(hex: byte) }
                line.append(0x22)
            } else {
                line += Array("null".utf8)
            }
        }
        line += Array(",\"facts\":".utf8) + (facts.bytes ?? Array("null".utf8))
        line += Array(",\"personal\":".utf8) + (personal.bytes ?? Array("null".utf8))
        line += [0x7D, 0x0A]
        return line
    }
}
