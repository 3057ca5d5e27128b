internal import TollgateAdmin

/// Decisions as people read them.
enum AuditTable {
    /// Wide enough for what is usual, so that decisions that come later line up.
    private static let widths = [24, 7, 17, 30, 12, 6, 6, 15, 0]

    /// Headings and a line for each decision of a list.
    static func list(_ document: JSONValue) -> [String] {
        table(document["logs"]?.elements ?? []).lines()
    }

    /// A line for each decision, in columns that stay where they are from one call to the next.
    static func following(_ logs: [JSONValue], withHeadings: Bool) -> [String] {
        table(logs).lines(withHeadings: withHeadings, widths: widths)
    }

    private static func table(_ logs: [JSONValue]) -> Table {
        var table = Table([
            "TIME", "STATUS", "REASON", "KEY", "MODEL", "REGION", "TOKENS", "ADDRESS", "REQUEST",
        ])
        for log in logs {
            table.add([
                log.cell("timestamp"), log.cell("status"), log.cell("reason"), log.cell("key_id"),
                log.cell(log.cell("type") == "management" ? "action" : "model"),
                log.cell("region"), tokens(log),
                log.cell("ip_address"), log.cell("request_id"),
            ])
        }
        return table
    }

    /// What was used, or what was asked for as long as that is not known.
    private static func tokens(_ log: JSONValue) -> String {
        let used = log["tokens"]?.cell("total") ?? ""
        return used.isEmpty || log.cell("outcome").isEmpty
            ? log["tokens"]?.cell("requested") ?? "" : used
    }
}
