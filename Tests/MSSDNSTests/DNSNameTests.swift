import MSSDNS
import Testing

@Suite("Names and addresses of the DNS")
struct DNSNameTests {
    @Test("Case and the final dot make no difference")
    func equality() throws {
        #expect(try DNSName("CH-Alpha.MSSante.fr.") == DNSName("ch-alpha.mssante.fr"))
        #expect(try DNSName("ch-alpha.mssante.fr").absolute == "ch-alpha.mssante.fr.")
        #expect(try DNSName(".") == .root)
    }

    @Test(
        "What is no name is refused",
        arguments: [
            "", "..", "a..b", ".a", "a b", "é.fr", "a/b", "a\\.b", String(repeating: "a", count: 64),
            Array(repeating: String(repeating: "a", count: 49), count: 6).joined(separator: "."),
        ])
    func refused(text: String) {
        #expect(throws: DNSFailure.self) { try DNSName(text) }
    }

    @Test("A label of 63 octets and a name of 253 are allowed")
    func longest() throws {
        let label = String(repeating: "a", count: 63)
        let name = [label, label, label, String(repeating: "b", count: 61)].joined(separator: ".")
        #expect(name.utf8.count == 253)
        #expect(try DNSName(name).text == name)
        #expect(throws: DNSFailure.self) { try DNSName(name + "b") }
    }

    @Test("Addresses read, print and point back")
    func addresses() throws {
        let four = try #require(IPAddress("192.0.2.1"))
        #expect(four.description == "192.0.2.1")
        #expect(four.reverseName.text == "1.2.0.192.in-addr.arpa")
        let six = try #require(IPAddress("2001:DB8:0:0:0:0:0:1"))
        #expect(six.description == "2001:db8::1")
        // RFC 3596 §2.5, the example's shape.
        #expect(
            six.reverseName.text == "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")
        #expect(IPAddress("192.0.2.256") == nil)
        #expect(IPAddress("") == nil)
        #expect(IPAddress(octets: [1, 2, 3]) == nil)
    }
}

@Suite("Record data")
struct RecordDataTests {
    @Test("MX data is a preference and a name")
    func mx() throws {
        let wire: [UInt8] = [0, 10, 2, 109, 120, 4, 84, 69, 83, 84, 0]
        #expect(
            try RecordData(type: .mx, wire: wire)
                == .mailExchanger(MXRecord(preference: 10, exchange: DNSName("mx.test"))))
    }

    @Test("SRV data is three numbers and a name")
    func srv() throws {
        let wire: [UInt8] = [0, 10, 0, 100, 2, 75, 1, 97, 0]
        #expect(
            try RecordData(type: .srv, wire: wire)
                == .service(SRVRecord(priority: 10, weight: 100, port: 587, target: DNSName("a"))))
    }

    @Test(
        "Truncated, overlong, compressed or odd data is refused",
        arguments: [
            (DNSRecordType.mx, [0] as [UInt8]), (.mx, [0, 10]), (.mx, [0, 10, 3, 97]), (.mx, [0, 10, 0xC0, 12]),
            (.mx, [0, 10, 1, 97, 0, 0]), (.mx, [0, 10, 3, 97, 46, 98, 0]), (.mx, [0, 10, 1, 0x0A, 0]), (.a, [1, 2, 3]),
            (.a, [1, 2, 3, 4, 5]), (.aaaa, [1, 2, 3, 4]), (.srv, [0, 1, 0, 1]), (.ptr, []),
        ])
    func refused(type: DNSRecordType, wire: [UInt8]) {
        #expect(throws: DNSFailure.self) { try RecordData(type: type, wire: wire) }
    }
}
