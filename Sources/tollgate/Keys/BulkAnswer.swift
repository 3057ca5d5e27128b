internal import ArgumentParser
internal import TollgateAdmin

/// What became of many keys, from the answers to several calls.
struct BulkAnswer {
    /// A result for each key, in the order in which they were named.
    private(set) var results: [JSONValue] = []

    /// How many keys were left as they were.
    var failureCount: Int { results.count { $0["ok"] == false } }

    /// Adds an answer.
    ///
    /// - Parameters:
    ///   - answer: what the API said.
    ///   - start: how many keys were sent before; what the answer counts from zero, counts from there.
    mutating func add(_ answer: JSONValue, behind start: Int) {
        for result in answer["results"]?.elements ?? [] {
            let members = result.members.map { member in
                guard member.name == "index", case .integer(let index) = member.value else {
                    return member
                }
                return JSONValue.Member("index", .integer(index &+ Int64(start)))
            }
            results.append(.object(members))
        }
    }

    /// All of it as one answer.
    var document: JSONValue {
        [
            "results": .array(results),
            "succeeded": .integer(Int64(results.count - failureCount)),
            "failed": .integer(Int64(failureCount)),
        ]
    }

    /// Prints it.
    ///
    /// - Throws: exit code 1 when something has failed.
    func show(_ format: OutputFormat) throws {
        format.show(document, table: BulkTable.lines)
        if failureCount > 0 { throw ExitCode.failure }
    }
}

/// What became of many keys, as people read it.
enum BulkTable {
    /// A line for each key, with the reason for each that was left as it was, and how many there were.
    static func lines(_ document: JSONValue) -> [String] {
        let results = document["results"]?.elements ?? []
        let hasPlaces = results.contains { $0["index"] != nil }
        // Of what was rotated, this is the only time that the secrets are shown.
        let hasSecrets = results.contains { $0["api_key"] != nil }
        var table = Table(
            [hasPlaces ? "ENTRY" : "ID", hasPlaces ? "ID" : "STATUS"]
                + (hasSecrets ? ["API KEY"] : []) + ["PROBLEM"]
        )
        for result in results {
            let problem = result["error"]?["message"]?.cell ?? ""
            table.add(
                (hasPlaces
                    ? [result.cell("index"), result.cell("id")]
                    : [result.cell("id"), result.cell("status")])
                    + (hasSecrets ? [result.cell("api_key")] : []) + [problem]
            )
        }
        return table.lines() + [
            "\(document.cell("succeeded")) done, \(document.cell("failed")) failed"
        ]
    }
}
