import Glibc

/// East Asian charsets through glibc's `iconv`, which knows them all; only the names below are ever passed to it, so
/// that a message cannot choose which of its modules are loaded.
enum Iconv {
    /// Labels of mail and the names of glibc. Where a superset is what writers mean, it is taken.
    static let allowed: [String: String] = [
        "iso-2022-jp": "ISO-2022-JP-2", "csiso2022jp": "ISO-2022-JP-2", "iso-2022-jp-1": "ISO-2022-JP-2",
        "iso-2022-jp-2": "ISO-2022-JP-2", "shift_jis": "CP932", "shift-jis": "CP932", "sjis": "CP932",
        "x-sjis": "CP932", "ms_kanji": "CP932", "windows-31j": "CP932", "cp932": "CP932", "euc-jp": "EUC-JP",
        "x-euc-jp": "EUC-JP", "gb2312": "GB18030", "gbk": "GB18030", "gb18030": "GB18030", "cp936": "GB18030",
        "x-gbk": "GB18030", "euc-cn": "GB18030", "gb_2312-80": "GB18030", "big5": "BIG5-HKSCS",
        "big-5": "BIG5-HKSCS", "big5-hkscs": "BIG5-HKSCS", "cp950": "BIG5-HKSCS", "euc-tw": "EUC-TW",
        "euc-kr": "CP949", "ks_c_5601-1987": "CP949", "ks_c_5601": "CP949", "ksc5601": "CP949", "cp949": "CP949",
        "iso-2022-kr": "ISO-2022-KR", "utf-32": "UTF-32", "utf-32be": "UTF-32BE", "utf-32le": "UTF-32LE",
    ]

    /// Decodes octets; `nil` when this machine's glibc lacks the charset. An octet that fits nothing becomes U+FFFD.
    static func decode(_ bytes: ArraySlice<UInt8>, from name: String) -> String? {
        guard let descriptor = iconv_open("UTF-8", name), descriptor != iconv_t(bitPattern: -1) else { return nil }
        defer { iconv_close(descriptor) }
        var input = bytes.map { CChar(bitPattern: $0) }
        var output: [UInt8] = []
        var buffer = [CChar](repeating: 0, count: 4096)
        input.withUnsafeMutableBufferPointer { source in
            var from = source.baseAddress
            var left = source.count
            while left > 0 {
                let before = left
                let (produced, failure) = buffer.withUnsafeMutableBufferPointer { target in
                    var to = target.baseAddress
                    var room = target.count
                    let result = iconv(descriptor, &from, &left, &to, &room)
                    let code = result == -1 ? errno : 0
                    for index in 0..<(target.count - room) { output.append(UInt8(bitPattern: target[index])) }
                    return (target.count - room, code)
                }
                if failure == E2BIG, produced > 0 { continue }
                if failure != 0 || (left == before && produced == 0) {
                    output += [0xEF, 0xBF, 0xBD]
                    guard left > 0 else { break }
                    from = from.map { $0 + 1 }
                    left -= 1
                }
            }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
