import MSSTLS

/// The SHA-256 fingerprints of authorities that somebody compared with the trusted source and wrote down (RE_OPE_5040), one
/// a line, as openssl or sha256sum write them, in `empreintes.txt` beside the authorities.
struct KnownFingerprints: Sendable, Hashable {
    private let digits: Set<String>

    /// Reads a file; `nil` when there is none.
    init?(file: String) {
        guard let bytes = Files.read(file) else { return nil }
        digits = Set(
            String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap(Self.digits))
    }

    /// Where quickstart's notes tell to keep them.
    static func path(beside authorities: [String]) -> String? {
        authorities.first.map { path in (path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".") + "/empreintes.txt"
        }
    }

    /// Whether a certificate is one of those compared.
    func contains(_ certificate: Certificate) -> Bool {
        digits.contains(certificate.sha256Fingerprint.hexadecimal.lowercased())
    }

    /// The digits of a fingerprint in any of its usual forms; `nil` for another line.
    private static func digits(_ line: Substring) -> String? {
        let words = line.prefix { $0 != "#" }.split(separator: "=").last ?? ""
        let digits = words.lowercased().filter { $0.isHexDigit }
        return digits.utf8.count == 64 ? digits : nil
    }
}
