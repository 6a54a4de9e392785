internal import MSSCore
internal import MSSJSON

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
        return Array(
            "{\(members.map { "\(JSONText.string($0.0)):\(JSONText.string($0.1))" }.joined(separator: ","))}".utf8)
    }
}
