internal import TollgateCore
internal import TollgateEngine

/// Finds the decisions on requests that have ended, in sealed segments, for the model that they were
/// about.
struct AllowFinder {
    let snapshot: Snapshot

    /// How far serials may be out of the order of the journal: more than all loops make in one turn.
    private static let serialSlack: UInt64 = 1_000_000

    /// The models of decisions.
    ///
    /// - Parameter reservations: theirs, in ascending order.
    /// - Returns: for each the model; nil when there is no such decision any more.
    /// - Throws: `.corrupt` when something that should be there is damaged or missing.
    func models(of reservations: [ReservationID]) throws(StorageError) -> [[UInt8]?] {
        var models = [[UInt8]?](repeating: nil, count: reservations.count)
        var missing = Array(reservations.indices)
        var iterator = snapshot.iterator(over: .headers)
        var isThere = try iterator.seekToLast()
        while isThere, let first = missing.first, let last = missing.last {
            let outline = try SegmentOutline(of: iterator.value)
            var range = SerialRange()
            range.add(reservations[first])
            range.add(reservations[last])
            if outline.allowCount > 0 {
                let end = outline.allows.last.addingReportingOverflow(AllowFinder.serialSlack)
                if !end.overflow, end.partialValue < range.first { break }
                if outline.allows.overlaps(range) {
                    var segment = Segment(try SegmentHeader(iterator.value), snapshot)
                    var left: [Int] = []
                    for place in missing {
                        let found = try segment.model(of: reservations[place])
                        if let found { models[place] = found } else { left.append(place) }
                    }
                    missing = left
                }
            }
            isThere = try iterator.previous()
        }
        return models
    }

    /// One segment that decisions are looked for in.
    private struct Segment {
        private let header: SegmentHeader
        private let snapshot: Snapshot
        private var index: SegmentIndex
        private var number = -1
        private var chunk: [UInt8] = []

        init(_ header: SegmentHeader, _ snapshot: Snapshot) {
            self.header = header
            self.snapshot = snapshot
            index = SegmentIndex(allowsOf: header, snapshot)
        }

        /// The model of a decision; nil when the decision is not here.
        mutating func model(
            of reservation: ReservationID
        ) throws(StorageError) -> [UInt8]? {
            guard header.outline.allows.contains(reservation) else { return nil }
            guard let row = try index.row(of: reservation), row < header.outline.count else {
                return nil
            }
            let number = Int(row) / SegmentChunk.entryCount
            if number != self.number {
                let value = try SegmentChunk.entries(
                    .rows,
                    number,
                    of: header.last,
                    count: header.outline.count,
                    in: snapshot
                )
                chunk = value.bytes.withUnsafeBufferPointer { Array($0) }
                self.number = number
            }
            let place = Int(row) - number * SegmentChunk.entryCount
            let found = SegmentRow(place, of: chunk.span)
            let model = Int(found.model)
            return try model < header.models.count ? header.models[model] : self.model(of: found)
        }

        /// The model of a decision that has no number here: its record names it.
        private func model(of row: SegmentRow) throws(StorageError) -> [UInt8] {
            let texts = try SegmentChunk.texts(row.chunk, of: header.last, in: snapshot)
            let record = try SegmentChunk.record(in: texts.bytes, at: row.offset, of: header.last)
            let model = try AuditRecord.model(of: record)
            return model.withUnsafeBufferPointer { Array($0) }
        }
    }
}
