/// A JSON value with the line where it begins (RFC 8259).
package struct JSONNode: Sendable, Hashable {
    package enum Value: Sendable, Hashable {
        case null
        case bool(Bool)
        /// As written.
        case number(String)
        case string(String)
        case array([JSONNode])
        case object([String: JSONNode])
    }

    package var value: Value
    package var line: Int
}

extension JSONNode {
    /// The text of a string.
    package var text: String? { if case .string(let text) = value { text } else { nil } }
    /// The items of an array.
    package var items: [JSONNode]? { if case .array(let items) = value { items } else { nil } }
    /// The members of an object.
    package var members: [String: JSONNode]? { if case .object(let members) = value { members } else { nil } }
    /// `true` or `false`.
    package var flag: Bool? { if case .bool(let flag) = value { flag } else { nil } }
    /// A number.
    package var number: Double? { if case .number(let text) = value { Double(text) } else { nil } }
    /// A member of an object.
    package subscript(name: String) -> JSONNode? { members?[name] }
}
