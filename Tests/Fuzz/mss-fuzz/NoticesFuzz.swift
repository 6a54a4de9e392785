import MSSMessage
import MSSZIP

private func input(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// Opens an XDM archive: what opens has one patient, and its metadata survive being written and read again.
let fuzzXDM: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    var limits = XDMArchive.limits
    limits.totalBytes = 4 << 20
    let bytes = input(bytes, count)
    // The archive whole, or only its metadata or a document: the ZIP around them would keep the fuzzer out.
    if let archive = try? XDMArchive(opening: bytes, limits: limits) {
        precondition(Set(archive.documents.compactMap { $0.header?.patient.ins }).count <= 1)
    }
    if let metadata = try? XDSMetadata(reading: bytes), let xml = try? metadata.xml() {
        precondition((try? XDSMetadata(reading: xml))?.documents.count == metadata.documents.count)
    }
    if let header = try? CDAHeader(reading: bytes) {
        precondition(HL7Time(header.effectiveTime.text) == header.effectiveTime)
    }
    return 0
}

/// Reads reports and dresses notices: what is read is written to something that reads the same.
let fuzzReports: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let bytes = input(bytes, count)
    if let report = DeliveryReport(body: bytes) {
        let again = DeliveryReport(body: report.body)
        precondition(again?.recipients.map(\.action) == report.recipients.map(\.action))
        precondition(again?.recipients.map(\.status) == report.recipients.map(\.status))
    }
    if let report = DispositionReport(body: bytes) {
        precondition(DispositionReport(body: report.body)?.disposition == report.disposition)
    }
    let message = Message(bytes)
    _ = ReceivedNotice(message)
    // A dressed notice keeps its report, and all that the other system wrote behind the part for people.
    if let dress = DressedNotice(message) {
        precondition(dress.replaced <= bytes.count && dress.beginning.count < dress.replaced + 256 << 10)
        let again = Message(dress.beginning + bytes[dress.replaced...] + dress.end)
        if message.structure.diagnostics.isEmpty, message.header.contentType?.subtype == "report" {
            precondition(again.deliveryReport == message.deliveryReport)
            precondition(again.dispositionReport == message.dispositionReport)
        }
    }
    return 0
}

/// Reads subjects: a subject rebuilt from its parts keeps them on one line.
let fuzzSubjects: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let text = String(decoding: input(bytes, count), as: UTF8.self)
    if let subject = StructuredSubject(parsing: text) {
        precondition(!subject.text.contains(where: \.isNewline))
        precondition(StructuredSubject(parsing: subject.text) != nil)
    }
    if let report = ProcessingReport(subject: text) {
        precondition(ProcessingReport(subject: report.text)?.code == report.code)
    }
    _ = XText.decode(text)
    precondition(XText.decode(XText.encode(text)) == text)
    return 0
}
