internal import FoundationEssentials

/// Where things lie in the folder of a sandbox.
struct SandboxFiles {
    /// The folder, absolute.
    let directory: String

    var description: String { "\(directory)/sandbox.json" }
    var pki: String { "\(directory)/pki" }
    var certificates: String { "\(directory)/certificats" }
    /// The list before its signature, and signed.
    var unsignedList: String { "\(directory)/liste.xml" }
    var list: String { "\(directory)/listeblanchemssante.xml" }
    var zone: String { "\(directory)/zone.db" }
    /// The signing key of Pro Santé Connect.
    var providerKey: String { "\(directory)/psc.key" }
    var clamd: String { "\(directory)/clamd" }

    func folder(of name: String) -> String { "\(directory)/operateurs/\(name)" }

    /// - Throws: ``TestFileError`` when the working directory is not known.
    init(_ directory: String) throws {
        let path = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        self.directory = path.hasPrefix("/") ? path : "\(try TestFiles.workingDirectory())/\(path)"
    }

    /// Readable JSON whose members are sorted, so that files compare.
    static func json(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }
}

extension SandboxDescription {
    /// Reads `sandbox.json` in the folder of a sandbox.
    ///
    /// - Throws: ``TestFormatError`` in French when there is no sandbox of this version there.
    public init(directory: String) throws {
        let path = try SandboxFiles(directory).description
        guard let bytes = try? TestFiles.read(path) else {
            throw TestFormatError("Pas de bac à sable dans \(directory) : lancez « mss-sandbox create \(directory) ».")
        }
        guard let description = try? JSONDecoder().decode(SandboxDescription.self, from: Data(bytes)),
            description.version == Self.currentVersion
        else { throw TestFormatError("\(path) n'est pas d'un bac à sable de cette version : créez-en un nouveau.") }
        self = description
    }
}
