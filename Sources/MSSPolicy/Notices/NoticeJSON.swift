import MSSCore

/// Notices as JSON objects, for files and webhooks.
enum NoticeJSON {
    static func encode(_ notice: OutOfBandNotice, to contact: ContactPoint, key: String) -> [UInt8] {
        let (channel, address) =
            switch contact {
            case .ordinaryMail(let mail): ("mail", mail.address.text)
            case .external(let key): ("external", key)
            }
        let members = [
            ("key", key), ("topic", notice.topic.rawValue), ("channel", channel), ("contact", address),
            ("subject", notice.subject), ("body", notice.body),
        ]
        return Array("{\(members.map { "\(string($0.0)):\(string($0.1))" }.joined(separator: ","))}".utf8)
    }

    /// RFC 8259 §7.
    private static func string(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case let control where control.value < 0x20:
                result += "\\u00" + (control.value < 0x10 ? "0" : "") + String(control.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
