import Foundation

/// The corpora of `../shared/data/mime` (see README there), read where they lie.
enum Corpus {
    static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["MSS_SHARED_DATA"] { return URL(fileURLWithPath: path) }
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.appendingPathComponent("../shared/data").standardized
    }()
    static var resources: URL { folder.appendingPathComponent("mime/mail-parser/resources") }
    static var exists: Bool { FileManager.default.fileExists(atPath: resources.path) }

    static func bytes(_ path: String) -> [UInt8] {
        guard let data = try? Data(contentsOf: resources.appendingPathComponent(path)) else { return [] }
        return [UInt8](data)
    }

    static func json(_ path: String) -> Any? {
        guard let data = try? Data(contentsOf: resources.appendingPathComponent(path)) else { return nil }
        return try? JSONSerialization.jsonObject(with: data)
    }

    /// Messages as `legacy/000`, with LF line ends; a `.crlf` after the name stands for the same message with CRLF.
    static let messages: [String] = {
        guard exists else { return [] }
        var names: [String] = []
        for folder in ["legacy", "rfc"] {
            let files =
                (try? FileManager.default.contentsOfDirectory(
                    atPath: resources.appendingPathComponent("eml/\(folder)").path)) ?? []
            for file in files.sorted() where file.hasSuffix(".eml") {
                names += ["\(folder)/\(file.dropLast(4))", "\(folder)/\(file.dropLast(4)).crlf"]
            }
        }
        return names
    }()

    /// The bytes of a message.
    static func message(_ name: String) -> [UInt8] {
        guard name.hasSuffix(".crlf") else { return bytes("eml/\(name).eml").filter { $0 != 13 } }
        var output: [UInt8] = []
        for byte in bytes("eml/\(name.dropLast(5)).eml") {
            if byte == 10, output.last != 13 { output.append(13) }
            output.append(byte)
        }
        return output
    }
}

/// Messages made here, for those who have no corpora: every shape that the parser knows.
enum Samples {
    static let messages: [String] = [
        "From: a@b.fr\r\nSubject: =?utf-8?Q?caf=C3=A9?=\r\n\r\nBonjour\r\n",
        "Subject: seul\n\nligne\nligne\n",
        "",
        "\r\n",
        "corps sans en-tête\r\n",
        "A: b",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\npréambule\r\n--b\r\n\r\nun\r\n--b\r\nContent-Type: text/html\r\n\r\n"
            + "<p>\r\n--b--\r\népilogue\r\n",
        "Content-Type: multipart/mixed; boundary=\"a b\"\n\n--a b\n\nun\n--a b  \nX: y\n--a b\n--a b--",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
            + "Subject: dedans\r\nContent-Type: multipart/alternative; boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n\r\n--b--\r\n",
        "Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\n\r\nSubject: un\r\n\r\nx\r\n--d\r\n\r\nSubject: deux\r\n\r\ny\r\n--d--",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=bx\r\n\r\n"
            + "--bx\r\n\r\nun\r\n--b\r\n\r\ndeux\r\n--bfoo\r\n\r\ntrois\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\naucune partie\r\n",
        "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n",
        "From jdoe Wed Jun 30 21:49:08 1993\nSubject: mbox\n continued\n\tagain\n\nx\r\ry\r\n\0z",
        "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogZW5jb2TDqQ0KDQp4DQo=\r\n",
    ]
}
