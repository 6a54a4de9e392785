import MSSConnector

extension SealedQuarantine {
    /// Copies what is set aside to an empty or missing folder, while the quarantine is in use (EX_SSI_5110). What is
    /// destroyed meanwhile may be in the copy or not.
    ///
    /// - Throws: ``StoreError/notEmpty(path:)``.
    public func backUp(to destination: String) async throws {
        let ids = try await entries().map(\.id)
        try await offPool { [folder] in
            try Folder.makeEmpty(destination)
            for name in ["store"] + ids.map({ $0 + SealedQuarantine.suffix }) {
                let source: File
                do { source = try File(folder + "/" + name, .read) } catch StoreError.missing { continue }
                try BackupList.copy(source, upTo: try source.size(), to: destination + "/" + name)
            }
            try Folder.synchronize(destination)
        }
    }
}
