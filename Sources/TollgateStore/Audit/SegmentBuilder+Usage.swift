internal import TollgateCore
internal import TollgateEngine

extension SegmentBuilder {
    /// Puts allows and ends in the order of reservations, those of one in the order of places.
    mutating func sortReservations() {
        // Reservations grow with time, so this is nearly what it is already.
        allows.sort { $0.reservation.rawValue < $1.reservation.rawValue }
        let order = ends.indices.sorted { left, right in
            let one = ends[left].ending.reservation.rawValue
            let other = ends[right].ending.reservation.rawValue
            return (one, left) < (other, right)
        }
        ends = order.map { ends[$0] }
        endRows = order.map { endRows[$0] }
    }

    /// Sums up what the segment adds to what was used, and numbers its models; after
    /// `sortReservations`.
    ///
    /// - Parameter find: the models of decisions in earlier segments, by reservations in ascending
    ///   order; nil where there is none any more.
    /// - Returns: the sums, in the order of hours, keys and models.
    /// - Throws: what `find` throws.
    mutating func sumUp(
        _ find: ([ReservationID]) throws(StorageError) -> [[UInt8]?]
    ) throws(StorageError) -> [SegmentUsage] {
        try numberModels(whereAllowed: true)
        let models = try modelsOfEnds(find)
        // Last: who is denied may name anything, and must not take numbers from what is used.
        try numberModels(whereAllowed: false)
        var sums = Sums()
        for row in rows where row.isDecision && row.key != SegmentRow.noKey {
            let reason = Reason(rawValue: row.reason) ?? .allowed
            sums.change(group(keys[Int(row.key)].id, row.time, row.model)) { $0.count(reason) }
        }
        for (end, model) in zip(ends, models) {
            sums.change(group(end.key, end.chargedAt, model)) { totals in
                totals.count(end.ending, adding: end.added)
            }
        }
        return sums.all
    }

    /// Numbers the models of allowed decisions, or those of all others.
    private mutating func numberModels(whereAllowed isAllowed: Bool) throws(StorageError) {
        let records = records
        for row in rows.indices
        where rows[row].isDecision && (rows[row].reason == Reason.allowed.rawValue) == isAllowed {
            let record = records.span.extracting(starts[row]..<starts[row + 1])
            rows[row].model = models.number(of: try AuditRecord.model(of: record))
        }
    }

    private func group(_ key: KeyID, _ time: WallTime, _ model: UInt8) -> SegmentUsage.Group {
        SegmentUsage.Group(key: key, hour: SegmentUsage.hour(of: time), model: model)
    }

    /// The number of the model that each ended request asked for.
    private mutating func modelsOfEnds(
        _ find: ([ReservationID]) throws(StorageError) -> [[UInt8]?]
    ) throws(StorageError) -> [UInt8] {
        var numbers = [UInt8](repeating: SegmentRow.otherModel, count: ends.count)
        var missing: [Int] = []
        var next = 0
        for index in ends.indices {
            let id = ends[index].ending.reservation.rawValue
            while next < allows.count, allows[next].reservation.rawValue < id { next += 1 }
            if next < allows.count, allows[next].reservation.rawValue == id {
                numbers[index] = rows[Int(allows[next].row)].model
            } else {
                missing.append(index)
            }
        }
        if missing.isEmpty { return numbers }
        let found = try find(missing.map { ends[$0].ending.reservation })
        for (index, model) in zip(missing, found) {
            if let model { numbers[index] = models.number(of: model.span) }
        }
        return numbers
    }

    /// Sums by group; what follows one another mostly belongs together.
    private struct Sums {
        private var places: [SegmentUsage.Group: Int] = [:]
        private var sums: [SegmentUsage] = []
        private var last = -1

        mutating func change(_ group: SegmentUsage.Group, _ body: (inout UsageTotals) -> Void) {
            if last < 0 || sums[last].group != group {
                if let place = places[group] {
                    last = place
                } else {
                    last = sums.count
                    places[group] = last
                    sums.append(SegmentUsage(group, UsageTotals()))
                }
            }
            body(&sums[last].totals)
        }

        /// All of them, in an order that is always the same.
        var all: [SegmentUsage] {
            sums.sorted { left, right in
                let (one, other) = (left.group, right.group)
                return (one.hour, one.key, one.model) < (other.hour, other.key, other.model)
            }
        }
    }
}
