import MSSTestKit

/// A server with a few records; the first octet of the input chooses transport and fault.
private let responder: DNSResponder = {
    var zone = DNSZone("essai.fr")
    zone.addMail("ch.essai.fr", address: "10.9.9.1")
    zone.records += (0..<40).map { .init("gros.essai.fr", .txt(["numéro \($0)"])) }
    return try! DNSResponder([zone])  // a constant
}()

/// An answer is one: marked so, with the identifier of its question (but where the fault is that), within its transport's
/// bounds, and never answered itself.
let fuzzDNSServer: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    guard let bytes, count > 0 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let faults: [DNSFault?] = [nil] + DNSFault.allCases
    let fault = faults[Int(input[0] >> 1) % faults.count]
    let transport: DNSResponder.Transport = input[0] & 1 == 0 ? .udp : .tcp
    let question = Array(input.dropFirst())
    guard let answer = responder.answer(question, over: transport, fault: fault), fault != .garbage else { return 0 }
    precondition(answer.count >= 12 && answer[2] & 0x80 != 0)
    precondition(answer.count <= (transport == .udp ? 1232 : 65_535))
    precondition(fault == .otherIdentifier || answer.prefix(2) == question.prefix(2))
    precondition(responder.answer(answer, over: transport) == nil)
    precondition(fault != nil || responder.answer(question, over: transport) == answer)
    return 0
}
