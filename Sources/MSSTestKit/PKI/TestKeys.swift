internal import MSSCore
internal import X509
internal import _CryptoExtras

/// RSA keys for leaf certificates, made once a process: a 2048-bit key costs a noticeable part of a second.
final class TestKeys: Sendable {
    static let pool = TestKeys()

    private struct State {
        var keys: [_RSA.Signing.PrivateKey] = []
        var next = 0
    }

    private static let size = 4
    private let state = Guarded(State())

    /// The next key of the pool, in turn.
    func next() throws -> _RSA.Signing.PrivateKey {
        try state.withLock { state in
            defer { state.next += 1 }
            let index = state.next % Self.size
            if index == state.keys.count { state.keys.append(try _RSA.Signing.PrivateKey(keySize: .bits2048)) }
            return state.keys[index]
        }
    }
}
