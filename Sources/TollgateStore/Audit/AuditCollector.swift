internal import TollgateCore
internal import TollgateEngine

/// A page of the audit log that is being filled, in the order of its query, within bounds.
struct AuditCollector {
    /// The most entries on one page, whatever is asked for.
    static let entryLimit = 1000

    /// How much is looked at for one page at most, a decision's row being 1.
    private static let workLimit = 1 << 18

    /// What it costs to look at one header, or to fetch one record.
    static let seekCost = 16

    let query: AuditQuery
    private let limit: Int
    private var work = 0
    private var entries: [AuditEntry] = []
    /// The last place that was looked at, as all before it were.
    private var last: AuditPlace?

    /// An empty page.
    init(_ query: AuditQuery) {
        self.query = query
        limit = max(1, min(query.limit, AuditCollector.entryLimit))
    }

    /// How many entries still fit.
    var room: Int { limit - entries.count }

    /// Whether nothing more may be looked at.
    var isDone: Bool { room == 0 || work >= AuditCollector.workLimit }

    /// Whether the place is behind the cursor, and not behind the end.
    func reaches(_ place: AuditPlace) -> Bool {
        query.reaches(place)
    }

    /// Whether all positions behind this one are behind the end as well.
    func ends(at position: UInt64) -> Bool {
        query.last.map { $0.rawValue <= position } ?? false
    }

    /// Numbers that grow with the time of what they stand for, in the order of the query.
    func order(_ numbers: Range<Int>) -> StrideTo<Int> {
        query.isOldestFirst
            ? stride(from: numbers.lowerBound, to: numbers.upperBound, by: 1)
            : stride(from: numbers.upperBound - 1, to: numbers.lowerBound - 1, by: -1)
    }

    /// Notes that a place was looked at, and all before it.
    mutating func passed(_ place: AuditPlace, cost: Int = 1) {
        last = place
        work += cost
    }

    /// Adds an entry, for which there must be room.
    mutating func add(_ entry: AuditEntry) {
        precondition(room > 0)
        entries.append(entry)
    }

    /// The page, each row with how its request ended; with a cursor when there may be more.
    func page(_ finder: EndFinder) throws(StorageError) -> AuditPage {
        var entries = entries
        try finder.join(&entries)
        return AuditPage(entries: entries, next: isDone ? last : nil)
    }

    /// Whether a row of this kind and reason is asked for.
    func wants(_ row: SegmentRow) -> Bool {
        switch row.reason {
        case SegmentRow.settlement: false
        case SegmentRow.action: query.wantsActions
        default: query.wantsDecisions && wantsReason(row.reason)
        }
    }

    /// Whether a reason is asked for, by its raw value.
    func wantsReason(_ reason: UInt8) -> Bool { wantedReasons >> UInt64(reason & 63) & 1 == 1 }

    /// The reasons that are asked for, a bit for each raw value.
    var wantedReasons: UInt64 {
        var reasons = UInt64.max
        if let reason = query.reason { reasons &= 1 << UInt64(reason.rawValue & 63) }
        let allowed = UInt64(1) << UInt64(Reason.allowed.rawValue & 63)
        if let isAllowed = query.isAllowed { reasons &= isAllowed ? allowed : ~allowed }
        return reasons
    }
}
