internal import TollgateCore
internal import TollgateEngine

/// Sums up what was used, without reading a row where whole hours are asked for.
///
/// Segments have their sums; the journal's tail is folded. Where a span begins or ends within an
/// hour, the rows of that part are read; and where one model is asked for that has no number in a
/// segment, which sums such models up together, its records are.
struct UsageReader {
    private let journal: BlockJournal

    init(_ journal: BlockJournal) {
        self.journal = journal
    }

    /// What all recorded requests of a span of time have used.
    ///
    /// - Throws: `.corrupt` when something that should be there is damaged or missing.
    func usage(_ span: UsageSpan) throws(StorageError) -> UsageSummary {
        let frontier = journal.frontier
        let snapshot = try journal.database.snapshot()
        var summary = UsageSummary()
        let (hours, edges) = UsageReader.parts(of: span)
        for edge in edges { try addRows(edge, upTo: frontier, in: snapshot, to: &summary) }
        guard let hours else { return summary }
        try addSegments(span, hours, in: snapshot, to: &summary)
        try addTail(span, hours, upTo: frontier, in: snapshot, to: &summary)
        return summary
    }

    /// The whole hours of a span, and the pieces of hours at its ends.
    static func parts(of span: UsageSpan) -> (hours: Range<Int32>?, edges: [UsageSpan]) {
        let first = span.since.map { hour(of: $0, roundedUp: true) } ?? .min
        let end = span.until.map { hour(of: $0, roundedUp: false) } ?? .max
        guard first <= end else { return (nil, [span]) }
        var edges: [UsageSpan] = []
        if let since = span.since, start(of: first) != since {
            edges.append(span.part(since: since, until: start(of: first)))
        }
        if let until = span.until, start(of: end) != until {
            edges.append(span.part(since: start(of: end), until: until))
        }
        return (first < end ? first..<end : nil, edges)
    }

    private static func hour(of time: WallTime, roundedUp: Bool) -> Int32 {
        let hour = SegmentUsage.hour(of: time)
        return roundedUp && start(of: hour) < time && hour < .max ? hour + 1 : hour
    }

    private static func start(of hour: Int32) -> WallTime {
        WallTime(milliseconds: Int64(hour) * 3_600_000)
    }

    private func addRows(
        _ span: UsageSpan,
        upTo frontier: UInt64,
        in snapshot: Snapshot,
        to summary: inout UsageSummary
    ) throws(StorageError) {
        var query = AuditQuery()
        query.since = span.since
        query.until = span.until
        query.model = span.model
        query.limit = AuditCollector.entryLimit
        let reader = AuditReader(journal)
        repeat {
            let page = try reader.page(query, upTo: frontier, in: snapshot)
            for entry in page.entries {
                if let key = entry.keyID, span.wants(key, at: entry.time) { summary.add(entry) }
            }
            query.cursor = page.next
        } while query.cursor != nil
    }

    private func addSegments(
        _ span: UsageSpan,
        _ hours: Range<Int32>,
        in snapshot: Snapshot,
        to summary: inout UsageSummary
    ) throws(StorageError) {
        var iterator = snapshot.iterator(over: .headers)
        var isThere = try iterator.seekToFirst()
        while isThere {
            let outline = try SegmentOutline(of: iterator.value)
            if outline.usageCount > 0, outline.firstHour < hours.upperBound,
                outline.lastHour >= hours.lowerBound
            {
                let header = try SegmentHeader(iterator.value)
                try add(header, span, hours, in: snapshot, to: &summary)
            }
            isThere = try iterator.next()
        }
    }

    private func add(
        _ header: SegmentHeader,
        _ span: UsageSpan,
        _ hours: Range<Int32>,
        in snapshot: Snapshot,
        to summary: inout UsageSummary
    ) throws(StorageError) {
        let wanted = span.model.map { Array($0.utf8) }
        let wantedNumber = wanted.flatMap { header.models.firstIndex(of: $0) }
        guard wanted == nil || wantedNumber != nil else {
            return try addRecords(of: header, span, hours, in: snapshot, to: &summary)
        }
        let models = header.models.map { String(decoding: $0, as: UTF8.self) }
        try forEachSum(of: header, span, hours, in: snapshot) { usage in
            let (group, model) = (usage.group, Int(usage.group.model))
            guard wantedNumber == nil || wantedNumber == model else { return }
            summary.add(
                usage.totals,
                to: UsageSummary.Group(
                    key: group.key,
                    model: model < models.count ? models[model] : nil,
                    day: UsageSummary.day(of: UsageReader.start(of: group.hour))
                )
            )
        }
    }

    /// Calls with the sums of a segment in a span, whatever their models.
    private func forEachSum(
        of header: SegmentHeader,
        _ span: UsageSpan,
        _ hours: Range<Int32>,
        in snapshot: Snapshot,
        _ body: (SegmentUsage) -> Void
    ) throws(StorageError) {
        let count = header.outline.usageCount
        for number in 0..<SegmentChunk.count(of: count) {
            let chunk = try header.entries(.usage, number, count: count, in: snapshot)
            for place in 0..<chunk.count / SegmentUsage.length {
                let usage = SegmentUsage(place, of: chunk.bytes)
                guard
                    hours.contains(usage.group.hour), span.keys?.contains(usage.group.key) ?? true
                else { continue }
                body(usage)
            }
        }
    }

    /// Adds what a segment has of a model that has no number in it.
    private func addRecords(
        of header: SegmentHeader,
        _ span: UsageSpan,
        _ hours: Range<Int32>,
        in snapshot: Snapshot,
        to summary: inout UsageSummary
    ) throws(StorageError) {
        guard header.outline.hasOtherModels else { return }
        // Records take longer to read than sums, and any caller can name many models.
        var hasSome = false
        try forEachSum(of: header, span, hours, in: snapshot) { usage in
            if usage.group.model == SegmentRow.otherModel { hasSome = true }
        }
        guard hasSome else { return }
        let records = SegmentRecords(header, snapshot)
        let keys = try span.keys.map { (ids) throws(StorageError) in try records.numbers(of: ids) }
        var fold = UsageFold(span, hours)
        try records.forEach { row in
            (row.isSettlement || row.isDecision) && row.model == SegmentRow.otherModel
                && row.key != SegmentRow.noKey && keys?.contains(row.key) ?? true
        } _: { (record, time) throws(StorageError) in
            try fold.add(record, at: time)
        }
        try fold.finish(AllowFinder(snapshot: snapshot), &summary)
    }

    private func addTail(
        _ span: UsageSpan,
        _ hours: Range<Int32>,
        upTo frontier: UInt64,
        in snapshot: Snapshot,
        to summary: inout UsageSummary
    ) throws(StorageError) {
        var tail = UsageFold(span, hours)
        let sealed = try BlockJournal.sealedPosition(in: snapshot)
        try BlockJournal.forEachBlock(after: sealed, upTo: frontier, in: snapshot) {
            (_, block) throws(StorageError) in
            try tail.add(block)
            return true
        }
        try tail.finish(AllowFinder(snapshot: snapshot), &summary)
    }
}
