internal import TollgateCore
internal import TollgateEngine

/// Folds records into what was used, as segments do when they are sealed: those of the journal's
/// tail, and those of segments whose sums do not tell what is asked.
struct UsageFold {
    private let span: UsageSpan
    private let hours: Range<Int32>
    /// The model that is asked for; nil for all.
    private let model: [UInt8]?
    private var summary = UsageSummary()
    /// The models of requests that were allowed in the records.
    private var models: [ReservationID: [UInt8]] = [:]
    /// Ends of requests that were allowed before them.
    private var strays: [RecordedEnding] = []

    /// Nothing yet.
    ///
    /// - Parameters:
    ///   - span: whose usage is asked for.
    ///   - hours: which hours of decisions.
    init(_ span: UsageSpan, _ hours: Range<Int32>) {
        self.span = span
        self.hours = hours
        model = span.model.map { Array($0.utf8) }
    }

    /// Takes the next block.
    mutating func add(_ block: Span<UInt8>) throws(StorageError) {
        var reader = try JournalBlockReader(block)
        while let record = try reader.next() { try add(record, at: reader.time) }
    }

    /// Takes a record, a decision before the end of its request.
    mutating func add(_ record: Span<UInt8>, at time: WallTime) throws(StorageError) {
        switch try AuditRecord.content(of: record) {
        case .decision(let key, let reason):
            guard let key, wants(key, time) else { return }
            let bytes = try DecisionRecord.model(of: record)
            let model = bytes.withUnsafeBufferPointer { Array($0) }
            if reason == .allowed { models[DecisionRecord.reservation(of: record)] = model }
            var totals = UsageTotals()
            totals.count(reason)
            add(totals, of: key, model, time)
        case .settlement:
            let end = try SettlementRecord.ending(of: record, time: time)
            guard wants(end.key, end.chargedAt) else { return }
            if let model = models[end.ending.reservation] {
                add(totals(end), of: end.key, model, end.chargedAt)
            } else {
                strays.append(end)
            }
        case .refusals, .action, .charge:
            return
        }
    }

    /// Adds all of it to a summary.
    ///
    /// - Parameters:
    ///   - finder: finds the decisions that are not among the records.
    ///   - whole: the summary.
    /// - Throws: what the finder throws.
    mutating func finish(
        _ finder: AllowFinder,
        _ whole: inout UsageSummary
    ) throws(StorageError) {
        strays.sort { $0.ending.reservation.rawValue < $1.ending.reservation.rawValue }
        let found = try finder.models(of: strays.map(\.ending.reservation))
        for (end, model) in zip(strays, found) {
            add(totals(end), of: end.key, model, end.chargedAt)
        }
        for (group, totals) in summary.groups { whole.add(totals, to: group) }
    }

    private func wants(_ key: KeyID, _ time: WallTime) -> Bool {
        hours.contains(SegmentUsage.hour(of: time)) && span.keys?.contains(key) ?? true
    }

    private mutating func add(
        _ totals: UsageTotals,
        of key: KeyID,
        _ model: [UInt8]?,
        _ time: WallTime
    ) {
        if let wanted = self.model, model != wanted { return }
        let group = UsageSummary.Group(
            key: key,
            model: model.map { String(decoding: $0, as: UTF8.self) },
            day: UsageSummary.day(of: time)
        )
        summary.add(totals, to: group)
    }

    private func totals(_ end: RecordedEnding) -> UsageTotals {
        var totals = UsageTotals()
        totals.count(end.ending, adding: end.added)
        return totals
    }
}
