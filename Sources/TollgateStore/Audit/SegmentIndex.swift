internal import TollgateCore
internal import TollgateEngine

/// Finds entries of one segment by their reservations.
///
/// Reservations that are asked for together were mostly made together, so they are close to each
/// other here: whoever asks in ascending order reads few chunks.
struct SegmentIndex {
    private let header: SegmentHeader
    private let snapshot: Snapshot
    private let kind: SegmentChunk.Kind
    private let count: UInt32
    private let fences: [UInt128]
    private let length: Int
    private var number = -1
    private var chunk: [UInt8] = []

    /// The index of the segment's ends.
    init(endsOf header: SegmentHeader, _ snapshot: Snapshot) {
        self.header = header
        self.snapshot = snapshot
        kind = .ends
        count = header.outline.endCount
        fences = header.endFences
        length = SegmentEnd.length
    }

    /// The index of the segment's allowed decisions.
    init(allowsOf header: SegmentHeader, _ snapshot: Snapshot) {
        self.header = header
        self.snapshot = snapshot
        kind = .allows
        count = header.outline.allowCount
        fences = header.allowFences
        length = SegmentAllow.length
    }

    /// How the request ended, as far as this segment knows.
    mutating func end(of reservation: ReservationID) throws(StorageError) -> SegmentEnd? {
        guard let place = try place(of: reservation) else { return nil }
        return try SegmentEnd(place, of: chunk.span)
    }

    /// The row of the decision; nil when it is not in this segment.
    mutating func row(of reservation: ReservationID) throws(StorageError) -> UInt32? {
        guard let place = try place(of: reservation) else { return nil }
        return SegmentAllow(place, of: chunk.span).row
    }

    /// Where in the chunk the last entry with this reservation is, once that chunk was read.
    private mutating func place(of reservation: ReservationID) throws(StorageError) -> Int? {
        let id = reservation.rawValue
        let number = fences.partitionPoint { $0 > id } - 1
        guard number >= 0 else { return nil }
        try read(number)
        var low = 0
        var high = chunk.count / length
        while low < high {
            let middle = (low + high) / 2
            if self.id(middle) <= id { low = middle + 1 } else { high = middle }
        }
        return low > 0 && self.id(low - 1) == id ? low - 1 : nil
    }

    private func id(_ place: Int) -> UInt128 { chunk.span.littleEndian(at: place * length) }

    private mutating func read(_ number: Int) throws(StorageError) {
        if number == self.number { return }
        let value = try SegmentChunk.entries(
            kind,
            number,
            of: header.last,
            count: count,
            in: snapshot
        )
        chunk = value.bytes.withUnsafeBufferPointer { Array($0) }
        self.number = number
    }
}

extension Array {
    /// How many elements precede the first one that satisfies the predicate, in an array where all
    /// that do come after all that do not.
    func partitionPoint(where isBehind: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
