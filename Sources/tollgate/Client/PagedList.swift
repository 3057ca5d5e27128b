internal import TollgateAdmin

/// Reads as much of a list as was asked for, page by page.
struct PagedList {
    /// The most entries that the API puts on a page.
    private static let pageLimit = 1000

    let client: APIClient
    let path: String
    /// The member that holds a page's entries.
    let member: String
    let query: [(String, String?)]

    /// The same list with other filters.
    func filtered(_ query: [(String, String?)]) -> PagedList {
        PagedList(client: client, path: path, member: member, query: query)
    }

    /// The first entries.
    ///
    /// - Parameters:
    ///   - limit: how many at most.
    ///   - start: the cursor to go on from; nil for the newest.
    /// - Returns: a document like the API's, with the cursor behind the last entry.
    /// - Throws: what `APIClient` throws.
    func first(_ limit: Int, after start: String?) async throws -> JSONValue {
        var entries: [JSONValue] = []
        var cursor = start
        repeat {
            let page = try await page(after: cursor, limit: limit - entries.count)
            entries += page.entries
            cursor = page.next
        } while cursor != nil && entries.count < limit
        return .object([
            JSONValue.Member(member, .array(entries)),
            JSONValue.Member("next_cursor", JSONValue(cursor)),
        ])
    }

    /// One page.
    func page(
        after cursor: String?,
        limit: Int
    ) async throws -> (entries: [JSONValue], next: String?) {
        let document = try await client.call(
            .get,
            path,
            query: query + [
                ("limit", "\(min(limit, PagedList.pageLimit))"), ("cursor", cursor),
            ]
        )
        return (document[member]?.elements ?? [], document["next_cursor"]?.string)
    }
}
