import CLibXML2Shim
public import MSSCore

/// Why a document was refused, and where.
///
/// Nothing of the document's content enters the failure: it may be logged.
public struct XMLFailure: ExplainedFailure, Hashable {
    /// What is wrong.
    public enum Reason: Sendable, Hashable {
        /// Not well-formed XML 1.0 with namespaces; libxml2's error number.
        case malformed(code: Int)
        /// A document type declaration: refused whatever it holds, entities and external subsets with it.
        case documentTypeDeclaration
        /// Another encoding than UTF-8, UTF-16 (with its mark), ISO-8859-1 or US-ASCII, or a contradictory declaration.
        case encoding
        /// Another version than XML 1.0.
        case version
        /// No byte at all.
        case empty
        /// A limit of ``XMLLimits`` was passed.
        case limit(XMLLimits.Kind)
        /// Memory could not be had.
        case outOfMemory
        /// Reading the file failed; the system's `errno`.
        case reading(errno: Int32)
    }

    /// What is wrong.
    public let reason: Reason
    /// The line, from 1; 0 when no place is known.
    public let line: Int
    /// The column, from 1, in bytes of UTF-8; 0 when no place is known.
    public let column: Int
    /// libxml2's words, cut before anything quoted from the document.
    let detail: String

    init(_ reason: Reason, line: Int = 0, column: Int = 0, detail: String = "") {
        self.reason = reason
        self.line = line
        self.column = column
        self.detail = detail
    }

    /// `nil`: the rules are those of XML.
    public var requirement: RequirementID? { nil }

    /// One French sentence.
    public var explanation: String {
        let place = line > 0 ? " (ligne \(line))" : ""
        return switch reason {
        case .malformed: "Le document XML est mal formé\(place)."
        case .documentTypeDeclaration:
            "Le document XML contient une déclaration de type (DTD), ce qui est refusé\(place)."
        case .encoding: "Le document XML n'est pas dans un encodage accepté."
        case .version: "Le document n'est pas en XML 1.0."
        case .empty: "Le document XML est vide."
        case .limit: "Le document XML dépasse une limite de taille ou de complexité\(place)."
        case .outOfMemory: "La mémoire manque pour lire le document XML."
        case .reading: "Le fichier XML n'a pas pu être lu."
        }
    }

    /// English, for logs.
    public var description: String {
        let what =
            switch reason {
            case .malformed(let code): "malformed (libxml2 error \(code)\(detail.isEmpty ? "" : ", \(detail)"))"
            case .documentTypeDeclaration: "document type declaration"
            case .encoding: "encoding not accepted"
            case .version: "not XML 1.0"
            case .empty: "empty document"
            case .limit(let kind): "limit passed: \(kind.rawValue)"
            case .outOfMemory: "out of memory"
            case .reading(let number): "read error \(number)"
            }
        return line > 0 ? "XML line \(line) column \(column): \(what)" : "XML: \(what)"
    }

    /// From the shim's failure; `nil` when there is none.
    init?(_ failure: mxml_failure) {
        let reason: Reason
        switch Int(failure.reason) {
        case Int(MXML_OK): return nil
        case Int(MXML_DOCUMENT_TYPE): reason = .documentTypeDeclaration
        case Int(MXML_ENCODING): reason = .encoding
        case Int(MXML_VERSION): reason = .version
        case Int(MXML_EMPTY): reason = .empty
        case Int(MXML_MEMORY): reason = .outOfMemory
        case Int(MXML_LIMIT_BYTES): reason = .limit(.totalBytes)
        case Int(MXML_LIMIT_NODES): reason = .limit(.nodeCount)
        case Int(MXML_LIMIT_DEPTH): reason = .limit(.depth)
        case Int(MXML_LIMIT_NAME): reason = .limit(.nameLength)
        case Int(MXML_LIMIT_ATTRIBUTES): reason = .limit(.attributesPerElement)
        case Int(MXML_LIMIT_NAMESPACES): reason = .limit(.namespacesPerElement)
        case Int(MXML_LIMIT_DISTINCT_NAMES): reason = .limit(.distinctNames)
        case Int(MXML_LIMIT_TEXT): reason = .limit(.textLength)
        case Int(MXML_LIMIT_MARKUP): reason = .limit(.markupLength)
        default: reason = .malformed(code: Int(failure.code))
        }
        let detail = withUnsafeBytes(of: failure.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        self.init(reason, line: Int(failure.line), column: Int(failure.column), detail: detail)
    }
}
