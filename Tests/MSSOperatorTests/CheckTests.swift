import Dispatch
import MSSTLS
import MSSConnector
import Logging
import Glibc
import MSSCore
import MSSDNS
import MSSTestKit
import Testing

@testable import MSSOperator

@Suite("check looks at everything, and says what to do")
struct CheckTests {
    private func environment(_ resolver: StaticDNSResolver = StaticDNSResolver()) -> OperatorCheck.Environment {
        var environment = OperatorCheck.Environment()
        environment.resolver = resolver
        environment.timeServers = []
        environment.mayFetch = false
        environment.logger.logLevel = .critical
        return environment
    }

    private func verdict(_ items: [CheckItem], _ subject: String) -> CheckItem.Verdict? {
        items.filter { $0.subject.hasPrefix(subject) }.map(\.verdict).max()
    }

    @Test("a settings file that is missing or wrong is told with its lines and remedies")
    func settings() async throws {
        let items = await OperatorCheck.run(file: "/nowhere.yaml", environment())
        #expect(items.map(\.verdict) == [.failure])
        let root = try TestFiles.temporaryDirectory("mss-check")
        defer { CommandWorld.remove(root) }
        try TestFiles.write("operateur:\n  nom_serveur: [\n", to: root + "/a.yaml")
        let broken = await OperatorCheck.run(file: root + "/a.yaml", environment())
        #expect(!broken.isEmpty && broken.allSatisfy { $0.verdict == .failure && $0.remedy != nil })
    }

    @Test("RE_OPE_5040: authorities are compared with the fingerprints kept; each verdict has its remedy")
    func fingerprints() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        var environment = environment()
        let unknown = OperatorCheck(world.settings, environment).authorities()
        #expect(unknown.count == 2 && unknown.allSatisfy { $0.verdict == .warning && $0.requirement == "RE_OPE_5040" })
        let prints = unknown.map { item in String(item.found.suffix(65).dropLast()) }
        // As openssl writes one, and as sha256sum does.
        let first = stride(from: 0, to: 64, by: 2).map { index in
            let start = prints[0].index(prints[0].startIndex, offsetBy: index)
            return prints[0][start..<prints[0].index(start, offsetBy: 2)].uppercased()
        }.joined(separator: ":")
        environment.fingerprints = world.root + "/empreintes.txt"
        try TestFiles.write("# vérifiées\nsha256 Fingerprint=\(first)\n", to: world.root + "/empreintes.txt")
        #expect(OperatorCheck(world.settings, environment).authorities().map(\.verdict) == [.ok, .failure])
        try TestFiles.write("\(first)\n\(prints[1])\n", to: world.root + "/empreintes.txt")
        #expect(OperatorCheck(world.settings, environment).authorities().map(\.verdict) == [.ok, .ok])
    }

    @Test("EX_SSI_5085: certificates that expire, expired, or have another's key")
    func certificates() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        var environment = environment()
        let good = OperatorCheck(world.settings, environment).certificates()
        #expect(good.own.count == 1 && good.0.allSatisfy { $0.verdict == .ok }, "\(good.0)")
        let end = good.own[0].tls.chain[0].notAfter
        environment.clock = FixedWallClock(end - .seconds(10 * 86_400))
        #expect(verdict(OperatorCheck(world.settings, environment).certificates().0, "Certificat") == .warning)
        environment.clock = FixedWallClock(end + .seconds(1))
        #expect(verdict(OperatorCheck(world.settings, environment).certificates().0, "Certificat") == .failure)
        environment.clock = SystemWallClock()
        try TestPKI.shared.issue(.server(commonName: "autre.mssante.fr"), strength: .fresh)
            .write(to: world.root + "/cles", name: "autre")
        var settings = world.settings
        settings.certificates[0].key = world.root + "/cles/autre.key"
        #expect(verdict(OperatorCheck(settings, environment).certificates().0, "Certificat") == .failure)
    }

    @Test("EX_LPS_0300: what the DNS publishes is compared with what it should")
    func dns() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        let (domain, host) = (try DNSName("alpha.mssante.fr"), try DNSName("mss.alpha.mssante.fr"))
        let bare = await OperatorCheck(world.settings, environment()).dns()
        #expect(verdict(bare, "DNS, serveur") == .failure && verdict(bare, "DNS, MX") == .failure)
        #expect(verdict(bare, "DNS, SRV") == .warning)
        #expect(bare.contains { $0.remedy?.contains("alpha.mssante.fr. 3600 IN MX 10 mss.alpha.mssante.fr.") ?? false })
        var resolver = StaticDNSResolver()
        resolver.add(.address(IPAddress("192.0.2.1")!), at: host)
        resolver.add(.mailExchanger(MXRecord(preference: 10, exchange: host)), at: domain)
        for service in LPSServiceRecords.Service.allCases {
            for record in try Quickstart.serviceRecords(try Domain("alpha.mssante.fr")).records(service) {
                resolver.add(.service(record), at: try domain.prefixed(service.rawValue))
            }
        }
        let right = await OperatorCheck(world.settings, environment(resolver)).dns()
        #expect(right.allSatisfy { $0.verdict == .ok }, "\(right)")
        resolver.add(
            .service(SRVRecord(priority: 30, weight: 1, port: 25, target: host)),
            at: try domain.prefixed(LPSServiceRecords.Service.imap.rawValue))
        let wrong = await OperatorCheck(world.settings, environment(resolver)).dns()
        #expect(verdict(wrong, "DNS, SRV") == .failure)
    }

    @Test("without clamd, without a whitelist, without a data folder: failures with remedies, and the rest goes on")
    func absent() async throws {
        let world = try CommandWorld()
        defer { world.remove() }
        let items = await OperatorCheck(world.settings, environment()).run()
        #expect(verdict(items, "Antivirus") == .failure)
        #expect(verdict(items, "Liste blanche") == .failure)
        #expect(verdict(items, "Dossier des données") == .failure)
        #expect(verdict(items, "Clé maîtresse") == .ok)
        #expect(verdict(items, "Certificat") == .ok)
        for item in items where item.verdict == .failure { #expect(item.remedy != nil, "\(item)") }
    }

    // MARK: Clock

    @Test("EX_SDT_5010: the offset of RFC 5905 §8, and no answer but to our own question")
    func packets() throws {
        let sent = try Timestamp(xsdDateTime: "2026-11-21T08:00:00Z")
        func answer(cookie: UInt64, first: UInt8 = 0b00_100_100, stratum: UInt8 = 2, ahead: Int64) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 48)
            (bytes[0], bytes[1]) = (first, stratum)
            func put(_ value: UInt64, _ offset: Int) {
                for index in 0..<8 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (56 - 8 * index)) }
            }
            put(cookie, 24)
            let time = UInt64(sent.seconds + 2_208_988_800 + ahead) << 32 | 1 << 31
            put(time, 32)
            put(time, 40)
            return bytes
        }
        let received = sent + .seconds(1)
        let right = SNTPPacket.offset(answer(cookie: 7, ahead: 100), 7, sent: sent, received: received)
        #expect(right == .seconds(100))
        #expect(SNTPPacket.offset(answer(cookie: 8, ahead: 0), 7, sent: sent, received: received) == nil)
        #expect(SNTPPacket.offset(answer(cookie: 7, stratum: 0, ahead: 0), 7, sent: sent, received: received) == nil)
        #expect(
            SNTPPacket.offset(answer(cookie: 7, first: 0b11_100_100, ahead: 0), 7, sent: sent, received: received)
                == nil)
        #expect(SNTPPacket.offset([1, 2, 3], 7, sent: sent, received: received) == nil)
    }

    @Test("EX_SDT_5010: a time server on the wire, hours away")
    func server() async throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                precondition(bind(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        // A thread of its own: the call blocks.
        let served = DispatchGroup()
        DispatchQueue.global().async(group: served) {
            var question = [UInt8](repeating: 0, count: 48)
            var peer = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    _ = recvfrom(descriptor, &question, 48, 0, pointer, &size)
                    var answer = [UInt8](repeating: 0, count: 48)
                    (answer[0], answer[1]) = (0b00_100_100, 1)
                    answer.replaceSubrange(24..<32, with: question[40..<48])
                    let seconds = UInt64(SystemWallClock().now().seconds + 2_208_988_800 + 7200)
                    for index in 0..<4 {
                        let octet = UInt8(truncatingIfNeeded: seconds >> (24 - 8 * index))
                        answer[32 + index] = octet
                        answer[40 + index] = octet
                    }
                    _ = sendto(descriptor, answer, 48, 0, pointer, size)
                }
            }
        }
        let offset = try await SNTPClient("127.0.0.1:\(port)").offset()
        await withCheckedContinuation { done in served.notify(queue: .global()) { done.resume() } }
        close(descriptor)
        #expect(abs(offset.components.seconds - 7200) <= 2)
        let world = try CommandWorld()
        defer { world.remove() }
        var environment = environment()
        environment.timeServers = ["127.0.0.1:9"]
        let items = await OperatorCheck(world.settings, environment).clock()
        #expect(items.contains { $0.verdict == .warning && $0.requirement == "EX_SDT_5010" && $0.remedy != nil })
    }

    @Test("EX_SSI_5120: the age of clamd's signatures is read from its version")
    func signatures() throws {
        #expect(
            ClamAVDate.read("Sat Nov 21 09:30:05 2026") == (try Timestamp(xsdDateTime: "2026-11-21T09:30:05Z")))
        #expect(ClamAVDate.read("Fri Oct  2 09:30:05 2026") == (try Timestamp(xsdDateTime: "2026-10-02T09:30:05Z")))
        #expect(ClamAVDate.read("yesterday") == nil)
    }
}
