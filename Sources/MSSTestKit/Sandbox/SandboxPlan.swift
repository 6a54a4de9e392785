public import MSSCore

/// What a sandbox is made of.
public struct SandboxPlan: Sendable {
    /// An operator of the trust space.
    public struct Operator: Sendable, Hashable {
        /// A short name for files and commands: lower-case letters, digits and hyphens.
        public var name: String
        /// Its domains, the main one first.
        public var domains: [String]

        /// An operator.
        public init(_ name: String, domains: [String]) {
            self.name = name
            self.domains = domains
        }

        /// Reads `name=domain,domain`.
        ///
        /// - Throws: ``TestFormatError``.
        public init(_ text: String) throws {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw TestFormatError("nom=domaine est attendu, et non « \(text) »") }
            self.init(parts[0], domains: parts[1].split(separator: ",").map(String.init))
            try check()
        }

        /// Names become files, host names and keys of YAML: nothing that any of these reads otherwise.
        func check() throws {
            let isName =
                (1...20).contains(name.utf8.count) && name.utf8.first != UInt8(ascii: "-")
                && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
            guard isName else { throw TestFormatError("« \(name) » n'est pas un nom court (a-z, 0-9, -)") }
            guard !domains.isEmpty else { throw TestFormatError("« \(name) » n'a pas de domaine") }
            for domain in domains where (try? Domain(domain)) == nil {
                throw TestFormatError("« \(domain) » n'est pas un domaine")
            }
        }
    }

    /// Where the whitelist comes from; the operators' domains are added to it.
    public enum Whitelist: Sendable {
        /// Generated, with so many entries and the oddities of the published one.
        case generated(count: Int)
        /// A file in the published layout, such as the published one.
        case file([UInt8])
    }

    /// The names of the authorities.
    public var hierarchy: TestHierarchy
    /// The operators, at most 200.
    public var operators: [Operator]
    /// The list.
    public var whitelist: Whitelist

    /// A plan.
    public init(
        operators: [Operator], whitelist: Whitelist = .generated(count: WhitelistGenerator.publishedCount),
        hierarchy: TestHierarchy = .igcSanteTest
    ) {
        self.operators = operators
        self.whitelist = whitelist
        self.hierarchy = hierarchy
    }

    func check() throws {
        for one in operators { try one.check() }
        let domains = operators.flatMap(\.domains)
        guard operators.count <= 200, Set(operators.map(\.name)).count == operators.count,
            Set(domains).count == domains.count
        else { throw TestFormatError("deux opérateurs ont le même nom ou le même domaine, ou ils sont plus de 200") }
    }
}
