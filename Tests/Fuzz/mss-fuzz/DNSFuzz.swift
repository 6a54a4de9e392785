import MSSDNS

/// The first octet chooses the type, the rest is record data: names read must read again from their text.
let fuzzDNSRecord: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    guard let bytes, count > 0 else { return 0 }
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let types = DNSRecordType.allCases
    let type = types[Int(input[0]) % types.count]
    guard let data = try? RecordData(type: type, wire: Array(input.dropFirst())) else { return 0 }
    precondition(data.type == type)
    let name: DNSName? =
        switch data {
        case .mailExchanger(let record): record.exchange
        case .service(let record): record.target
        case .pointer(let name): name
        case .address: nil
        }
    if let name { precondition((try? DNSName(name.absolute)) == name) }
    return 0
}
