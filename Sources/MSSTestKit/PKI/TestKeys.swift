internal import MSSCore
internal import X509
internal import _CryptoExtras

/// RSA keys for leaf certificates, made once a process: a 2048-bit key costs a noticeable part of a second.
///
/// Which of them a holder gets depends on its name alone, never on what other tests draw at the same time: a test that
/// takes two keys for different when they are not fails every time, not now and then (decision 0061).
final class TestKeys: Sendable {
    static let pool = TestKeys()

    private static let size = 4
    private let keys = Guarded<[Int: _RSA.Signing.PrivateKey]>([:])

    /// The key of `holder`.
    func key(for holder: String) throws -> _RSA.Signing.PrivateKey {
        // FNV-1a: what Swift's own hasher answers differs from run to run.
        let hash = holder.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return try keys.withLock { keys in
            let index = Int(hash % UInt64(Self.size))
            if let key = keys[index] { return key }
            let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
            keys[index] = key
            return key
        }
    }
}
