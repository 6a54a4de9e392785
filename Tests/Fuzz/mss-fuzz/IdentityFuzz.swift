import MSSCore
import MSSProSanteConnect

private func input(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
}

/// A token in compact form; and the same octets as header and as claims of one, so that what lies behind the encoding is
/// reached.
let fuzzJWT: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let content = input(bytes, count)
    func read(_ text: String) {
        guard let token = try? CompactToken(text, maximumLength: 8_192, algorithms: [.rs256, .es256]) else { return }
        precondition(text.utf8.count <= 8_192 && [.rs256, .es256].contains(token.algorithm))
        precondition((1...256).contains(token.keyID.utf8.count))
        // Nobody signed it.
        precondition((try? token.claims(verifiedBy: [])) == nil)
    }
    if let text = String(validating: content, as: UTF8.self) { read(text) }
    read("\(Base64URL.encode(content)).e30.AA")
    precondition(Base64URL.decode(Array(Base64URL.encode(content).utf8)) == content)
    if let octets = Base64URL.decode(content) { precondition(Array(Base64URL.encode(octets).utf8) == content) }
    if let claims = try? TokenClaims(content) {
        precondition(!claims.subject.isEmpty)
        precondition((0...253_402_300_799).contains(claims.expires.seconds))
    }
    return 0
}

/// A key set.
let fuzzJWKS: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    if let set = try? SigningKeySet(input(bytes, count)) { precondition((1...32).contains(set.count)) }
    return 0
}

/// An answer of UserInfo.
let fuzzUserInfo: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    if let info = try? UserInfo(input(bytes, count)) {
        precondition((1...128).contains(info.subjectNameID.utf8.count))
        precondition(info.subjectNameID.utf8.allSatisfy { (0x21...0x7E).contains($0) })
    }
    return 0
}
