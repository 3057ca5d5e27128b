internal import HTTPTypes

/// Merges a document into what is there, and only if that is still so when the change is written.
enum VersionedMerge {
    /// How often a merge is tried again when somebody else makes a change in between.
    private static let attemptLimit = 8

    /// Runs a merge.
    ///
    /// - Parameters:
    ///   - headers: those of the request: without If-Match the caller does not mind which version
    ///     it changes.
    ///   - merge: reads, merges and writes; told the version that the caller insists on.
    /// - Returns: what `merge` returns.
    /// - Throws: what `merge` throws; `version_mismatch` only when nothing else helps.
    static func run(
        _ headers: HTTPFields,
        _ merge: (UInt64?) throws(APIError) -> APIReply
    ) throws(APIError) -> APIReply {
        let required = try EntityTag.required(headers)
        for _ in 1..<(required == nil ? attemptLimit : 1) {
            do {
                return try merge(required)
            } catch {
                guard error == .versionMismatch else { throw error }
            }
        }
        return try merge(required)
    }
}
