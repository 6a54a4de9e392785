/// Exclusive canonicalization without comments (W3C xml-exc-c14n) of simple documents: elements, attributes, namespaces,
/// text, CDATA, comments and character references. Doctypes and processing instructions are refused.
///
/// It shares nothing with the SDK's verifier, which runs libxml2's: one checks the other (decision 0060).
struct CanonicalXML {
    /// Why a document cannot be canonicalized here.
    struct Unsupported: Error, CustomStringConvertible {
        let description: String
    }

    private struct Element {
        let name: Substring
        /// Namespace declarations in scope, by prefix.
        let scope: [Substring: String]
        /// Namespace declarations that the canonical form has shown, by prefix.
        let rendered: [Substring: String]
    }

    private var input: Substring
    private var output = ""
    private var open: [Element] = []

    private init(_ text: String) { input = text[...] }

    /// The canonical form of a document, or of one element.
    static func canonicalize(_ text: String) throws -> String {
        // XML 1.0 §2.11: line ends become LF before anything else.
        var parser = CanonicalXML(text.replacing("\r\n", with: "\n").replacing("\r", with: "\n"))
        return try parser.run()
    }

    private mutating func run() throws -> String {
        output.reserveCapacity(input.utf8.count)
        while !input.isEmpty {
            if input.first != "<" {
                try text(take(until: "<", consuming: false))
            } else if input.hasPrefix("<?xml ") {
                _ = try take(until: "?>")
            } else if input.hasPrefix("<?") || input.hasPrefix("<!DOCTYPE") {
                throw Unsupported(description: "processing instruction or doctype")
            } else if input.hasPrefix("<!--") {
                _ = try take(until: "-->")
            } else if input.hasPrefix("<![CDATA[") {
                input = input.dropFirst(9)
                output += XMLText.content(try take(until: "]]>").dropLast(3)[...])
            } else if input.hasPrefix("</") {
                try endTag()
            } else {
                try startTag()
            }
        }
        guard open.isEmpty else { throw Unsupported(description: "unclosed element \(open.last?.name ?? "")") }
        return output
    }

    private mutating func startTag() throws {
        let tag = try take(until: ">").dropFirst().dropLast()
        let isEmpty = tag.hasSuffix("/")
        var rest = (isEmpty ? tag.dropLast() : tag)[...]
        let name = rest.prefix { !$0.isWhitespace }
        rest = rest.dropFirst(name.count)
        var declared: [Substring: String] = [:]
        var attributes: [(name: Substring, value: String)] = []
        while let (attribute, value) = try Self.attribute(&rest) {
            if attribute == "xmlns" {
                declared[""] = value
            } else if attribute.hasPrefix("xmlns:") {
                declared[attribute.dropFirst(6)] = value
            } else {
                attributes.append((attribute, value))
            }
        }
        let scope = (open.last?.scope ?? [:]).merging(declared) { $1 }
        var rendered = open.last?.rendered ?? [:]
        output += "<\(name)"
        // Exclusive C14N §3: only namespaces visibly used here and not shown by an ancestor.
        let used = Set([Self.prefix(name)] + attributes.map { Self.prefix($0.name) }.filter { !$0.isEmpty })
        for prefix in used.sorted() where prefix != "xml" {
            guard let uri = scope[prefix] ?? (prefix.isEmpty ? "" : nil) else {
                throw Unsupported(description: "undeclared prefix \(prefix)")
            }
            guard rendered[prefix, default: ""] != uri else { continue }
            rendered[prefix] = uri
            output += prefix.isEmpty ? " xmlns=\"" : " xmlns:\(prefix)=\""
            output += XMLText.attribute(uri) + "\""
        }
        // C14N §2.2: attributes by namespace URI, then local name; those without prefix first.
        let sorted = attributes.sorted { left, right in
            let keys = [left, right].map { attribute -> (String, Substring) in
                let prefix = Self.prefix(attribute.name)
                return (prefix.isEmpty ? "" : scope[prefix] ?? "", attribute.name.split(separator: ":").last ?? "")
            }
            return keys[0] < keys[1]
        }
        for attribute in sorted { output += " \(attribute.name)=\"\(XMLText.attribute(attribute.value))\"" }
        output += ">"
        if isEmpty {
            output += "</\(name)>"
        } else {
            open.append(Element(name: name, scope: scope, rendered: rendered))
        }
    }

    private mutating func endTag() throws {
        let name = try take(until: ">").dropFirst(2).dropLast()
        guard let element = open.popLast(), name.trimmingSuffixSpaces == element.name else {
            throw Unsupported(description: "unexpected end tag \(name)")
        }
        output += "</\(element.name)>"
    }

    private mutating func text(_ raw: Substring) throws {
        // Outside the root only white space is possible, and it is dropped.
        if !open.isEmpty { output += XMLText.content(try Self.resolve(raw)[...]) }
    }

    /// Everything up to and with `mark` (or before it, with `consuming` false); the end of input only when not consuming.
    private mutating func take(until mark: String, consuming: Bool = true) throws -> Substring {
        guard let range = input.firstRange(of: mark) else {
            guard !consuming else { throw Unsupported(description: "no \(mark)") }
            defer { input = "" }
            return input
        }
        let end = consuming ? range.upperBound : range.lowerBound
        defer { input = input[end...] }
        return input[..<end]
    }

    private static func prefix(_ name: Substring) -> Substring {
        name.firstIndex(of: ":").map { name[..<$0] } ?? ""
    }

    /// The next `name="value"`, its value normalised (XML 1.0 §3.3.3).
    private static func attribute(_ rest: inout Substring) throws -> (Substring, String)? {
        rest = rest.drop { $0.isWhitespace }
        guard !rest.isEmpty else { return nil }
        guard let equals = rest.firstIndex(of: "=") else { throw Unsupported(description: "attribute without value") }
        let name = rest[..<equals].trimmingSuffixSpaces
        rest = rest[equals...].dropFirst().drop { $0.isWhitespace }
        guard let quote = rest.popFirst(), quote == "\"" || quote == "'", let end = rest.firstIndex(of: quote) else {
            throw Unsupported(description: "attribute without quotes")
        }
        let raw = rest[..<end]
        rest = rest[end...].dropFirst()
        return (name, try resolve(raw.replacing("\n", with: " ").replacing("\t", with: " ")[...]))
    }

    /// Character and predefined entity references replaced.
    private static func resolve(_ raw: Substring) throws -> String {
        guard raw.utf8.contains(UInt8(ascii: "&")) else { return String(raw) }
        var result = ""
        var rest = raw
        while let ampersand = rest.firstIndex(of: "&") {
            result += rest[..<ampersand]
            guard let end = rest[ampersand...].firstIndex(of: ";") else { throw Unsupported(description: "bare &") }
            let name = rest[rest.index(after: ampersand)..<end]
            switch name {
            case "amp": result += "&"
            case "lt": result += "<"
            case "gt": result += ">"
            case "quot": result += "\""
            case "apos": result += "'"
            default:
                let isHexadecimal = name.hasPrefix("#x")
                guard name.hasPrefix("#"),
                    let code = UInt32(name.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10),
                    let scalar = Unicode.Scalar(code)
                else { throw Unsupported(description: "entity \(name)") }
                result.unicodeScalars.append(scalar)
            }
            rest = rest[end...].dropFirst()
        }
        return result + rest
    }
}

extension Substring {
    fileprivate var trimmingSuffixSpaces: Substring {
        self[..<(lastIndex { !$0.isWhitespace }.map(index(after:)) ?? startIndex)]
    }
}
