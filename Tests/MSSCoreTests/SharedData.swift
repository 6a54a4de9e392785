import Foundation

/// Files that lie beside the repository (never in it): `../shared/data`, or the folder named by `MSS_SHARED_DATA`.
enum SharedData {
    static func file(_ path: String) -> URL? {
        let folder =
            ProcessInfo.processInfo.environment["MSS_SHARED_DATA"].map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("../shared/data")
        let file = folder.appendingPathComponent(path)
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }

    /// The texts of every element of this name, entities decoded: enough for the two files read here.
    static func elements(_ name: String, in xml: String) -> [String] {
        xml.components(separatedBy: "<\(name)>").dropFirst().map { piece in
            decoded(piece.components(separatedBy: "</\(name)>")[0])
        }
    }

    private static func decoded(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        while let ampersand = rest.firstIndex(of: "&"), let end = rest[ampersand...].firstIndex(of: ";") {
            result += rest[..<ampersand]
            let name = rest[rest.index(after: ampersand)..<end]
            switch name {
            case "amp": result += "&"
            case "lt": result += "<"
            case "gt": result += ">"
            case "quot": result += "\""
            case "apos": result += "'"
            default:
                let digits = name.hasPrefix("#x") ? name.dropFirst(2) : name.dropFirst()
                let value = UInt32(digits, radix: name.hasPrefix("#x") ? 16 : 10)!
                result.unicodeScalars.append(Unicode.Scalar(value)!)
            }
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }
}
