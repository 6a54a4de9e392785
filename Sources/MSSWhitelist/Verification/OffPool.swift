import Dispatch

/// The threads of the whitelist's blocking work: parsing, hashing, files. One list is handled at a time, and its digest
/// is computed beside its verification.
private let workQueue = DispatchQueue(label: "fr.mssante.whitelist", attributes: .concurrent)

/// Runs blocking work outside the cooperative pool.
func offPool<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
        workQueue.async {
            do throws(Failure) {
                continuation.resume(returning: .success(try work()))
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
    }
    return try result.get()
}
