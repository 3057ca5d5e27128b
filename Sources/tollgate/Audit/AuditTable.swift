internal import TollgateAdmin

/// Decisions, and what administrators did, as people read them.
struct AuditTable {
    private typealias Column = (heading: String, width: Int, cell: (JSONValue) -> String)

    private let columns: [Column]

    /// Chooses the columns.
    ///
    /// - Parameter type: what is asked for, as `--type` says it; nil for decisions.
    init(of type: String? = nil) {
        // Wide enough for what is usual, so that what comes later lines up.
        let what: [Column] = [
            ("ACTION", 20, { $0.cell("action") }), ("TARGET", 30, { $0.cell("target") }),
        ]
        let head: [Column] = [
            ("TIME", 24, { $0.cell("timestamp") }), ("STATUS", 7, { $0.cell("status") }),
        ]
        let key: Column = ("KEY", 30, { $0.cell("key_id") })
        let request: [Column] = [
            ("MODEL", 12, { $0.cell("model") }), ("REGION", 6, { $0.cell("region") }),
            ("TOKENS", 6, AuditTable.tokens), ("ADDRESS", 15, { $0.cell("ip_address") }),
            ("FOUND", 7, AuditTable.found),
            ("REQUEST", 0, { $0.cell("request_id") }),
        ]
        let reason: Column = ("REASON", 17, { $0.cell("reason") })
        columns =
            switch type {
            case "management": head + [key] + what + [("FIELDS", 0, AuditTable.fields)]
            case "all": head + [reason, key] + what + request
            default: head + [reason, key] + request
            }
    }

    /// Headings and a line for each row of a list.
    func list(_ document: JSONValue) -> [String] {
        table(document["logs"]?.elements ?? []).lines()
    }

    /// A line for each row, in columns that stay where they are from one call to the next.
    func following(_ logs: [JSONValue], withHeadings: Bool) -> [String] {
        table(logs).lines(withHeadings: withHeadings, widths: columns.map(\.width))
    }

    private func table(_ logs: [JSONValue]) -> Table {
        var table = Table(columns.map(\.heading))
        for log in logs { table.add(columns.map { $0.cell(log) }) }
        return table
    }

    /// What was changed.
    private static func fields(_ log: JSONValue) -> String {
        (log["fields"]?.elements ?? []).compactMap(\.string).joined(separator: ",")
    }

    /// What was noticed of a request, whether or not it was denied for that.
    private static func found(_ log: JSONValue) -> String {
        let rules = (log["found_content_rules"]?.elements ?? []).map { "rule \($0.text())" }
        let isUnusual = log["unusual_use"] == .bool(true)
        return (rules + (isUnusual ? ["unusual"] : [])).joined(separator: ", ")
    }

    /// What was used, or what was asked for as long as that is not known.
    private static func tokens(_ log: JSONValue) -> String {
        let used = log["tokens"]?.cell("total") ?? ""
        return used.isEmpty || log.cell("outcome").isEmpty
            ? log["tokens"]?.cell("requested") ?? "" : used
    }
}
