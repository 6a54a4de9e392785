/// An X.501 distinguished name, as certificates carry it and the whitelist writes it.
///
/// Relative names are in the order of the certificate, the most general (`C=FR`) first; RFC 4514 text runs the other
/// way. Two names are equal by RFC 5280 §7.1: same relative names in the same order, values compared without regard
/// to case, to runs of white space and to string type (Decision 0011). The compared form is computed once, so that
/// comparing and hashing cost one pass over its bytes at most. One reference wide: a copy copies no text.
public struct DistinguishedName: Sendable {
    /// One attribute: a type and its value.
    public struct Attribute: Sendable, Hashable {
        /// The attribute type.
        public let type: AttributeType
        /// The value.
        public let value: AttributeValue

        /// An attribute from its type and value.
        public init(_ type: AttributeType, _ value: AttributeValue) {
            self.type = type
            self.value = value
        }

        /// An attribute from its type and a text.
        public init(_ type: AttributeType, _ text: String) { self.init(type, AttributeValue(text, for: type)) }
    }

    private final class Storage: Sendable {
        let relativeNames: [[Attribute]]
        /// The bytes that are compared.
        let matchingForm: [UInt8]
        /// Their hash, seeded for this process, so that a chosen name cannot collide on purpose.
        let matchingHash: Int

        init(_ relativeNames: [[Attribute]]) {
            self.relativeNames = relativeNames
            matchingForm = DistinguishedName.matchingForm(of: relativeNames)
            var hasher = Hasher()
            matchingForm.withUnsafeBytes { hasher.combine(bytes: $0) }
            matchingHash = hasher.finalize()
        }
    }

    private let storage: Storage

    /// The relative names, the most general first; each has one attribute, rarely several.
    public var relativeNames: [[Attribute]] { storage.relativeNames }
    /// The hash of what is compared.
    package var matchingHash: Int { storage.matchingHash }

    /// A name from its relative names, the most general first. An empty relative name is a programming error.
    public init(relativeNames: [[Attribute]]) {
        precondition(relativeNames.allSatisfy { !$0.isEmpty })
        storage = Storage(relativeNames)
    }

    /// A name of single attributes, the most general first.
    public init(_ attributes: [Attribute]) { self.init(relativeNames: attributes.map { [$0] }) }

    /// True for the name without any relative name.
    public var isEmpty: Bool { relativeNames.isEmpty }

    /// The texts of every attribute of a type, the most specific first, as RFC 4514 would show them.
    public func values(of type: AttributeType) -> [String] {
        var values: [String] = []
        for relativeName in relativeNames.reversed() {
            for attribute in relativeName where attribute.type == type && !attribute.value.isOpaque {
                values.append(attribute.value.text)
            }
        }
        return values
    }

    /// The text of the most specific attribute of a type.
    public subscript(type: AttributeType) -> String? { values(of: type).first }

    /// The most specific common name.
    public var commonName: String? { self[.commonName] }

    /// Every length is written before what it measures, so that different names cannot have the same form.
    private static func matchingForm(of relativeNames: [[Attribute]]) -> [UInt8] {
        var form: [UInt8] = []
        form.reserveCapacity(256)
        for relativeName in relativeNames {
            append(length: relativeName.count, to: &form)
            if relativeName.count == 1 {
                append(relativeName[0], to: &form)
                continue
            }
            // X.501: a relative name is a set.
            var parts = relativeName.map { attribute in
                var part: [UInt8] = []
                append(attribute, to: &part)
                return part
            }
            parts.sort { $0.lexicographicallyPrecedes($1) }
            for part in parts { form += part }
        }
        return form
    }

    private static func append(_ attribute: Attribute, to form: inout [UInt8]) {
        append(length: attribute.type.oid.derContent.count, to: &form)
        form += attribute.type.oid.derContent
        let value = attribute.value.matchingForm
        append(length: value.count, to: &form)
        form += value
    }

    /// Seven bits an octet, so that the usual length takes one.
    private static func append(length: Int, to form: inout [UInt8]) {
        var rest = length
        while rest >= 0x80 {
            form.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        form.append(UInt8(rest))
    }
}

extension DistinguishedName: Hashable {
    /// Equal by RFC 5280 §7.1.
    public static func == (left: DistinguishedName, right: DistinguishedName) -> Bool {
        left.storage === right.storage
            || left.storage.matchingHash == right.storage.matchingHash
                && left.storage.matchingForm == right.storage.matchingForm
    }

    /// Feeds the hash computed when the name was made.
    public func hash(into hasher: inout Hasher) { hasher.combine(matchingHash) }
}
