import Glibc

extension OperatorSettings {
    /// Reads settings from a file.
    ///
    /// - Throws: ``SettingsError``, also for a file that cannot be read or that others may write: who writes the settings
    ///   chooses the keys.
    public init(contentsOf path: String) throws(SettingsError) {
        let path = OperatorSettings.absolute(path)
        func failure(_ problem: String, _ remedy: String) -> SettingsError {
            SettingsError(file: path, faults: [SettingsFault(key: "", problem: problem, remedy: remedy)])
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            throw failure(
                "il ne peut pas être lu (\(String(cString: strerror(errno))))",
                "vérifiez son chemin et ses droits, ou créez-le par « mss-operator quickstart »")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw failure("ce n'est pas un fichier", "donnez le chemin du fichier YAML")
        }
        guard status.st_mode & 0o022 == 0 else {
            throw failure("d'autres comptes peuvent le modifier", "retirez ce droit (chmod go-w)")
        }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= SettingsNode.maximumBytes {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure("il n'est pas en UTF-8", "enregistrez-le en UTF-8")
        }
        try self.init(yaml: text, file: path)
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return String(cString: folder) + "/" + path
    }
}
