internal import TollgateCore
internal import TollgateEngine

/// Folds the journal's tail into what was used, as segments do when they are sealed.
struct TailUsage {
    private let span: UsageSpan
    private let hours: Range<Int32>
    private var summary = UsageSummary()
    /// The models of requests that were allowed in the tail.
    private var models: [ReservationID: String] = [:]
    /// Ends of requests that were allowed before it.
    private var strays: [RecordedEnding] = []

    /// Nothing yet.
    ///
    /// - Parameters:
    ///   - span: whose usage is asked for.
    ///   - hours: which hours of decisions.
    init(_ span: UsageSpan, _ hours: Range<Int32>) {
        self.span = span
        self.hours = hours
    }

    /// Takes the next block.
    mutating func add(_ block: Span<UInt8>) throws(StorageError) {
        var reader = try JournalBlockReader(block)
        while let record = try reader.next() {
            switch try AuditRecord.content(of: record) {
            case .decision(let key, let reason):
                guard let key, wants(key, reader.time) else { continue }
                let bytes = try DecisionRecord.model(of: record)
                let model = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
                if reason == .allowed { models[DecisionRecord.reservation(of: record)] = model }
                var totals = UsageTotals()
                totals.count(reason)
                summary.add(totals, to: group(key, model, reader.time))
            case .settlement:
                let end = try SettlementRecord.ending(of: record, time: reader.time)
                guard wants(end.key, end.chargedAt) else { continue }
                if let model = models[end.ending.reservation] {
                    summary.add(totals(end), to: group(end.key, model, end.chargedAt))
                } else {
                    strays.append(end)
                }
            case .refusals, .action, .charge:
                continue
            }
        }
    }

    /// Adds all of it to a summary.
    ///
    /// - Parameters:
    ///   - finder: finds the decisions that are not in the tail.
    ///   - whole: the summary.
    /// - Throws: what the finder throws.
    mutating func finish(
        _ finder: AllowFinder,
        _ whole: inout UsageSummary
    ) throws(StorageError) {
        strays.sort { $0.ending.reservation.rawValue < $1.ending.reservation.rawValue }
        let found = try finder.models(of: strays.map(\.ending.reservation))
        for (end, model) in zip(strays, found) {
            let model = model.map { String(decoding: $0, as: UTF8.self) }
            summary.add(totals(end), to: group(end.key, model, end.chargedAt))
        }
        for (group, totals) in summary.groups { whole.add(totals, to: group) }
    }

    private func wants(_ key: KeyID, _ time: WallTime) -> Bool {
        hours.contains(SegmentUsage.hour(of: time)) && span.keys?.contains(key) ?? true
    }

    private func group(_ key: KeyID, _ model: String?, _ time: WallTime) -> UsageSummary.Group {
        UsageSummary.Group(key: key, model: model, day: UsageSummary.day(of: time))
    }

    private func totals(_ end: RecordedEnding) -> UsageTotals {
        var totals = UsageTotals()
        totals.count(end.ending, adding: end.added)
        return totals
    }
}
