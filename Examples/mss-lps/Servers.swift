import Foundation
import MSSCore
import MSSDNS

/// The servers of a mailbox, found by its domain (TM5.1P, RFC 6186): the software is told nothing but the address.
struct Servers: Codable {
    /// One server: its name, which its certificate must carry, its address and port.
    struct Server: Codable {
        var name: String
        var address: String
        var port: Int
    }

    var submission: Server
    var reading: Server

    /// Asks the DNS for the SRV records of the domain. Priority 10 is for persons, by Pro Santé Connect; 20 for
    /// applications, by a certificate (EX_LPS_0300).
    static func find(
        _ address: MailAddress, _ audience: LPSServiceRecords.Audience, _ resolver: some DNSResolver
    ) async throws -> Servers {
        func server(_ service: LPSServiceRecords.Service) async throws -> Server {
            let records = try await resolver.services(service.rawValue, of: try DNSName(address.domain))
            var random = SystemRandomNumberGenerator()
            let candidates = records.filter { $0.priority == audience.rawValue }.inTryingOrder(using: &random)
            for record in candidates {
                // A server that has no address now is passed over for the next one.
                guard let address = try await resolver.addresses(of: record.target).first else { continue }
                return Server(name: record.target.text, address: "\(address)", port: Int(record.port))
            }
            throw ToldFailure(
                "Le domaine \(address.domain.ascii) ne publie pas \(service.rawValue) de priorité \(audience.rawValue) [EX_LPS_0300]."
            )
        }
        return Servers(submission: try await server(.submission), reading: try await server(.imap))
    }
}
