import CLibXML2Shim
import MSSCore

/// A compiled XML Schema 1.0, read from memory; what it imports or includes comes from a resolver, never from a file
/// or a network.
public final class XMLSchema: Sendable {
    /// Gives the schema that an `xs:import`, `xs:include` or `xs:redefine` names; `nil` when it has none.
    public typealias Resolver = (_ location: String?, _ namespace: String?) throws -> [UInt8]?

    /// Something that does not conform.
    public struct Violation: Sendable, Hashable, CustomStringConvertible {
        /// The line in the document (or in the schema, for a schema that does not compile), from 1.
        public let line: Int
        /// libxml2's error number (`xmlParserErrors`, 1700 and above).
        public let code: Int
        /// libxml2's words. They may quote the document: personal data, not for a log.
        public let message: String

        /// Line and number; the message, which may quote the document, is left out.
        public var description: String { "line \(line): schema error \(code)" }
    }

    /// Why a schema could not be compiled.
    public enum Failure: Error, Sendable, Hashable {
        /// A document of the schema is not acceptable XML.
        case document(XMLFailure)
        /// The resolver has no schema for this location or namespace.
        case unresolved(location: String?, namespace: String?)
        /// More documents than allowed are imported.
        case tooManyDocuments
        /// The schema is not valid.
        case invalid([Violation])
    }

    /// Documents that one schema may consist of.
    public static let maximumDocuments = 64
    /// Violations reported for one document; what follows is not listed.
    public static let maximumViolations = 200

    // A compiled schema is documented as read-only during validation, but libxml2's regular expressions keep counters;
    // one validation at a time needs no proof. Compile a schema twice to validate on two cores.
    private let compiled: Guarded<Compiled>

    private struct Compiled: ~Copyable, @unchecked Sendable {
        // Proof of @unchecked Sendable: the pointer has this one owner, which hands it out under the mutex only.
        let schema: OpaquePointer
        deinit { mxml_schema_free(schema) }
    }

    /// Compiles a schema and everything it imports.
    /// - Parameters:
    ///   - location: how other documents of the schema name this one, when they do.
    ///   - resolve: asked once for each location and namespace.
    /// - Throws: ``Failure``, or what `resolve` throws.
    public init(
        _ schema: some Sequence<UInt8>, at location: String? = nil, resolve: Resolver = { _, _ in nil }
    ) throws {
        let documents = try Self.gather(Array(schema), at: location, resolve)
        let violations = Violations()
        var sources: [mxml_bytes] = []
        // One block of memory for all documents, so that plain pointers to each stay valid during the call.
        let all = documents.flatMap { $0 }
        let made = all.withUnsafeBufferPointer { memory -> OpaquePointer? in
            var offset = 0
            for document in documents {
                sources.append(mxml_bytes(bytes: memory.baseAddress! + offset, count: document.count))
                offset += document.count
            }
            return violations.collecting { context, report in
                mxml_schema_new(sources, sources.count, context, report)
            }
        }
        guard let made else { throw Failure.invalid(violations.list) }
        self.compiled = Guarded(Compiled(schema: made))
    }

    /// Every document of the schema, DTD-free, its locations rewritten to `mss-schema:N`.
    private static func gather(_ main: [UInt8], at location: String?, _ resolve: Resolver) throws -> [[UInt8]] {
        let xsd = "http://www.w3.org/2001/XMLSchema"
        struct Place: Hashable { let location: String?, namespace: String? }
        var known: [Place: Int] = [:]
        var waiting: [[UInt8]] = [main]
        var done: [[UInt8]] = []
        while done.count < waiting.count {
            let tree: XMLTree
            do { tree = try XMLTree(waiting[done.count]) } catch { throw Failure.document(error) }
            if done.isEmpty, let location {
                known[Place(location: location, namespace: tree.root.attribute("targetNamespace"))] = 0
            }
            for element in tree.root.children
            where element.namespace == xsd && ["import", "include", "redefine"].contains(element.localName) {
                let place = Place(
                    location: element.attribute("schemaLocation"),
                    // An inclusion is of the includer's namespace.
                    namespace: element.localName == "import"
                        ? element.attribute("namespace") : tree.root.attribute("targetNamespace"))
                if known[place] == nil {
                    guard waiting.count < maximumDocuments else { throw Failure.tooManyDocuments }
                    guard let bytes = try resolve(place.location, place.namespace) else {
                        throw Failure.unresolved(location: place.location, namespace: place.namespace)
                    }
                    known[place] = waiting.count
                    waiting.append(bytes)
                }
                // The tree is still private to this function.
                mxml_node_set_attribute(element.node, "schemaLocation", "mss-schema:\(known[place]!)")
            }
            done.append(tree.bytes)
        }
        return done
    }

    /// Validates a document.
    /// - Returns: what does not conform, by line; empty when the document is valid.
    /// - Throws: ``XMLFailure`` when the document is not acceptable XML at all.
    public func validate(_ document: some Sequence<UInt8>, limits: XMLLimits = XMLLimits()) throws(XMLFailure)
        -> [Violation]
    {
        // Validation may add to the tree it validates: it has its own.
        let tree = try XMLTree(document, limits: limits)
        let violations = Violations()
        let result = compiled.withLock { compiled in
            let schema = compiled.schema
            return tree.withDocument { document in
                violations.collecting { mxml_schema_validate(schema, document, $0, $1) }
            }
        }
        if result < 0 { throw XMLFailure(.outOfMemory) }
        // A verdict without explanation must not read as "valid".
        if result > 0 && violations.list.isEmpty { return [Violation(line: 0, code: Int(result), message: "invalid")] }
        return violations.list
    }

    /// Collects the reports of one call.
    private final class Violations {
        private(set) var list: [Violation] = []

        typealias Report = @convention(c) (UnsafeMutableRawPointer?, CInt, CInt, UnsafePointer<CChar>?) -> Void

        func collecting<Result>(_ body: (UnsafeMutableRawPointer, Report) -> Result) -> Result {
            withExtendedLifetime(self) {
                body(Unmanaged.passUnretained(self).toOpaque()) { context, code, line, message in
                    let violations = Unmanaged<Violations>.fromOpaque(context!).takeUnretainedValue()
                    guard violations.list.count < XMLSchema.maximumViolations else { return }
                    let text = message.map { String(cString: $0) } ?? ""
                    violations.list.append(
                        Violation(line: Int(line), code: Int(code), message: String(text.prefix { $0 != "\n" })))
                }
            }
        }
    }
}
