internal import ArgumentParser
internal import TollgateAdmin

/// What became of many keys, from the answers to several calls.
struct BulkAnswer {
    /// A result for each key, in the order in which they were named.
    private(set) var results: [JSONValue] = []
    /// The names of keys of which it is not known what became: those of a call without an answer.
    private var unknown: [JSONValue] = []
    /// The names of keys that were left as they were, for something has failed before.
    private var untouched: [JSONValue] = []
    private var stop: Batches.Stop?

    /// Whether there are secrets in it, which nothing will ever show again.
    var hasSecrets: Bool { results.contains { $0["api_key"] != nil } }

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

    /// Notes where it ended before its time.
    ///
    /// - Parameters:
    ///   - stop: where, and why; nil when all was answered.
    ///   - names: the keys as they were named, all of them.
    mutating func end(at stop: Batches.Stop?, of names: [JSONValue]) {
        guard let stop else { return }
        self.stop = stop
        let known = stop.batch.lowerBound
        let sent = stop.isUncertain ? stop.batch.upperBound : known
        unknown = Array(names[known..<sent])
        untouched = Array(names[sent...])
    }

    /// All of it as one answer.
    var document: JSONValue {
        var members = [
            JSONValue.Member("results", .array(results)),
            JSONValue.Member("succeeded", .integer(Int64(results.count - failureCount))),
            JSONValue.Member("failed", .integer(Int64(failureCount))),
        ]
        if stop != nil {
            members.append(JSONValue.Member("unknown", .array(unknown)))
            members.append(JSONValue.Member("untouched", .array(untouched)))
        }
        return .object(members)
    }

    /// Prints all that is known.
    ///
    /// - Throws: exit code 1 when something has failed.
    func show(_ format: OutputFormat) throws {
        if stop == nil || !results.isEmpty || !unknown.isEmpty {
            try format.show(document, table: BulkTable.lines)
        }
        if let stop { throw CommandFailure.failed(sentence(stop)) }
        if failureCount > 0 { throw ExitCode.failure }
    }

    private func sentence(_ stop: Batches.Stop) -> String {
        let known = stop.batch.lowerBound
        if stop.isUncertain {
            return "it is not known what became of \(unknown.count) keys, named above as unknown: "
                + stop.message
        }
        return known == 0
            ? stop.message
            : "above is what became of the first \(known) keys, the others are as they were: "
                + stop.message
    }
}

/// What became of many keys, as people read it.
enum BulkTable {
    /// A line for each key, with the reason for each that was left as it was or of which nothing is
    /// known, and how many there were.
    static func lines(_ document: JSONValue) -> [String] {
        let results = document["results"]?.elements ?? []
        let unknown = document["unknown"]?.elements ?? []
        let untouched = document["untouched"]?.elements.count ?? 0
        let hasPlaces =
            results.contains { $0["index"] != nil } || unknown.contains { $0.string == nil }
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
        for name in unknown {
            table.add(
                [name.cell, ""] + (hasSecrets ? [""] : []) + ["unknown: there was no answer"]
            )
        }
        var counts = "\(document.cell("succeeded")) done, \(document.cell("failed")) failed"
        if !unknown.isEmpty { counts += ", \(unknown.count) unknown" }
        if untouched > 0 { counts += ", \(untouched) untouched" }
        return table.lines() + [counts]
    }
}
