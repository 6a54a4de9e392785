/// A source in memory, for tests and for lists that come by another way: gives what it was last told.
public actor MemoryWhitelistSource: WhitelistSource {
    private var answer: Result<[UInt8], WhitelistFetchFailure>
    private var version = 0

    /// A source that gives this document.
    public init(_ document: [UInt8]) { answer = .success(document) }

    /// Gives another document from now on.
    public func publish(_ document: [UInt8]) {
        answer = .success(document)
        version += 1
    }

    /// Fails from now on.
    public func fail(_ failure: WhitelistFetchFailure) { answer = .failure(failure) }

    /// Gives the document, unless it is still the one that the validators belong to.
    public func fetch(
        unlike validators: WhitelistValidators?
    ) async throws(WhitelistFetchFailure) -> WhitelistFetch {
        let document = try answer.get()
        let current = WhitelistValidators(url: "memory:", entityTag: "\"\(version)\"")
        return validators == current ? .unchanged : .document(document, current)
    }
}
