internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// What a caller asks of the audit trail.
struct AuditFilter {
    var query = AuditQuery()
    var format = AuditFormat.json
    /// How many rows at most; nil for all.
    var limit: Int?
    /// Whether the answer is as long as it gets, instead of a page with a cursor.
    var isExport = false
    /// Whether it asks for rows of which there are none.
    private(set) var findsNothing = false
    /// Those of the list, in the order that is asked for.
    let cursors: ListCursors

    /// The most rows on a page.
    private static let pageLimit = 1000

    /// Reads the parameters of a call; who sees only some keys sees only the rows of these.
    ///
    /// - Parameters:
    ///   - path: that of the list which is asked.
    ///   - call: whose parameters they are.
    ///   - services: which keys there are.
    /// - Throws: a refusal of the first parameter that cannot be.
    init(of path: String, _ call: APICall, _ services: AdminServices) throws(APIError) {
        var reader = try QueryReader(call.query)
        let key = try AuditFilter.key(in: &reader, call.headers)
        findsNothing = key == .unknown
        query.keyID = key.id
        query.visibleKeys =
            findsNothing ? [] : try call.visibleKeys(services, among: query.keyID)
        query.model = reader.text("model")
        query.isAllowed = try reader.value("status", "must be allowed, success or denied") { text in
            ["allowed": true, "success": true, "denied": false][text]
        }
        query.reason = try reader.value("reason", "must be a reason for a denial") { text in
            Reason(code: text)
        }
        query.kinds =
            try reader.value("type", "must be decision, management or all") { text in
                AuditQuery.Kinds(rawValue: text)
            } ?? .decision
        query.since = try reader.time("since")
        query.until = try reader.time("until")
        let order = try reader.order(else: ListOrder<AuditSortField>.newestFirst)
        query.isOldestFirst = !order.isDownward
        cursors = order.cursors(of: path)
        query.cursor = try reader.start(in: cursors) { AuditDocument.place(id: $0.id) }
        format =
            try reader.value("format", "must be json, jsonl or csv") { text in
                AuditFormat(rawValue: text)
            } ?? .json
        try readLimit(&reader)
        try reader.finish()
        if let since = query.since, let until = query.until, since > until {
            throw .contradiction("since", "is later than until")
        }
    }

    /// A page of JSON has at most 1000 rows, by default 100; everything else goes on to the end, or
    /// as far as it is asked to.
    private mutating func readLimit(_ reader: inout QueryReader) throws(APIError) {
        let isPage = format == .json
        let problem = isPage ? "must be 1 to 1000, or all" : "must be a whole number from 1, or all"
        let most = isPage ? AuditFilter.pageLimit : .max
        let asked = try reader.value("limit", problem) { text -> Int? in
            text == "all" ? 0 : Int(text).flatMap { (1...most).contains($0) ? $0 : nil }
        }
        isExport = !isPage || asked == 0
        limit = asked == 0 ? nil : asked ?? (isPage ? 100 : nil)
    }

    /// The key that the query or the header names; both may, if they name the same.
    private static func key(
        in reader: inout QueryReader,
        _ headers: HTTPFields
    ) throws(APIError) -> AskedKey {
        let text = reader.text("key_id")
        guard let name = HTTPField.Name("X-API-Key-ID"), let header = headers[name] else {
            return AskedKey(text)
        }
        guard text == nil || text == header else {
            throw .contradiction("key_id", "names another key than X-API-Key-ID")
        }
        return AskedKey(header)
    }
}

/// What a list of the audit trail can be ordered by.
enum AuditSortField: String, SortField {
    case timestamp

    /// Ids are places in the journal, and so in the order of time.
    static let identity = timestamp
}

extension ListOrder<AuditSortField> {
    static let newestFirst = ListOrder(.timestamp, isDownward: true)
}
