import MSSTestKit
import MSSXMLSignature
import Testing

@Suite("Concurrent verification")
struct ConcurrencyTests {
    @Test("Thousands of verifications on several threads, good and bad, each get their own verdict")
    func thousands() async throws {
        let signer = try Fixtures.signer()
        let good = try Fixtures.signed(by: signer)
        let bad = Array(good.string.replacingFirst("chu", "evil").utf8)
        let foreign = try Fixtures.signed(by: Fixtures.signer(.foreign))
        let verifier = try Fixtures.verifier()
        let wrong = await withTaskGroup(of: Int.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var wrong = 0
                    for turn in 0..<400 {
                        switch (worker + turn) % 3 {
                        case 0: if (try? verifier.verify(good, at: Fixtures.now)) == nil { wrong += 1 }
                        case 1:
                            do throws(SignatureFailure) {
                                _ = try verifier.verify(bad, at: Fixtures.now)
                                wrong += 1
                            } catch { if error.reason != .digestMismatch { wrong += 1 } }
                        default:
                            do throws(SignatureFailure) {
                                _ = try verifier.verify(foreign, at: Fixtures.now)
                                wrong += 1
                            } catch { if case .signerUntrusted = error.reason {} else { wrong += 1 } }
                        }
                    }
                    return wrong
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }

    @Test("Signing on several threads with one key gives documents that verify")
    func signing() async throws {
        let key = try Fixtures.key(Fixtures.signer())
        let verifier = try Fixtures.verifier()
        let right = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<64 {
                group.addTask {
                    let document = "<a><b>\(index)</b></a>"
                    guard let signed = try? SignatureSigner(key: key).sign(document.utf8) else { return false }
                    return (try? verifier.verify(signed, at: Fixtures.now))?.signedBytes == Array(document.utf8)
                }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(right)
    }
}
