import COpenSSLShim

/// The digests that identify certificates and keys; signatures never go through these.
enum Digest {
    static func sha1(_ bytes: [UInt8]) -> [UInt8] { compute(20) { mss_sha1(bytes, bytes.count, $0) } }

    static func sha256(_ bytes: [UInt8]) -> [UInt8] { compute(32) { mss_sha256(bytes, bytes.count, $0) } }

    private static func compute(_ size: Int, _ body: (UnsafeMutablePointer<UInt8>?) -> CInt) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            // Both digests are built into OpenSSL's default provider: failing means that memory ran out.
            guard body(buffer.baseAddress) == 1 else { fatalError("OpenSSL cannot compute a digest") }
            count = size
        }
    }
}

/// Lower-case hexadecimal without separators.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
