extension OperatorLayout {
    /// The base of ledgers.
    var ledgerFile: String { "\(ledgers)/registres.sqlite" }

    /// The folder that a file of the layout lies in.
    func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? root
    }
}
