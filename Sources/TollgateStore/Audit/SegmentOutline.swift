internal import TollgateCore
internal import TollgateEngine

/// The beginning of a segment's header: what tells whether a query has to look any further.
///
/// All of it has one length, so reading it costs next to nothing however many segments there are.
struct SegmentOutline: Equatable {
    private static let version: UInt8 = 3

    /// The last position before this segment: where the one before it ends.
    var previous: UInt64 = 0
    /// The last position of this segment.
    var last: UInt64 = 0
    /// How many rows it has.
    var count: UInt32 = 0
    /// How many of them are decisions, single ones or many that are alike.
    var decisionCount: UInt32 = 0
    /// How many of them are actions of administrators.
    var actionCount: UInt32 = 0
    /// How many keys occur.
    var keyCount: UInt32 = 0
    /// How many allowed decisions it has, and how many ends of requests.
    var allowCount: UInt32 = 0
    var endCount: UInt32 = 0
    /// How many rows sum up what was used.
    var usageCount: UInt32 = 0
    /// The times of the earliest and the latest row; the clock may have been set back between.
    var earliest = WallTime(milliseconds: .max)
    var latest = WallTime(milliseconds: .min)
    /// Which reasons decisions have, a bit for each raw value.
    var reasons: UInt64 = 0
    /// The serials of the reservations that were made, and of those that ended.
    var allows = SerialRange()
    var ends = SerialRange()
    /// The hours of decisions that the sums are about, counted from 1970: the first and the last.
    var firstHour = Int32.max
    var lastHour = Int32.min
    /// Whether there are models without a number.
    var hasOtherModels = false

    /// An empty segment behind a position.
    init(after previous: UInt64) {
        self.previous = previous
        last = previous
    }

    func write(to writer: inout ByteWriter) {
        writer.append(SegmentOutline.version)
        writer.append(previous)
        writer.append(last)
        for number in [
            count, decisionCount, actionCount, keyCount, allowCount, endCount, usageCount,
        ] {
            writer.append(number)
        }
        writer.append(earliest.milliseconds)
        writer.append(latest.milliseconds)
        writer.append(reasons)
        for range in [allows, ends] {
            writer.append(range.first)
            writer.append(range.last)
        }
        writer.append(firstHour)
        writer.append(lastHour)
        writer.append(UInt8(hasOtherModels ? 1 : 0))
    }

    /// Reads the beginning of a header.
    init(_ reader: inout ByteReader) throws(StorageError) {
        let version: UInt8 = try reader.number()
        guard version == SegmentOutline.version else {
            throw StorageError(.corrupt, "the header of a segment of version \(version)")
        }
        previous = try reader.number()
        last = try reader.number()
        count = try reader.number()
        decisionCount = try reader.number()
        actionCount = try reader.number()
        keyCount = try reader.number()
        allowCount = try reader.number()
        endCount = try reader.number()
        usageCount = try reader.number()
        earliest = WallTime(milliseconds: try reader.number())
        latest = WallTime(milliseconds: try reader.number())
        reasons = try reader.number()
        allows = SerialRange(first: try reader.number(), last: try reader.number())
        ends = SerialRange(first: try reader.number(), last: try reader.number())
        firstHour = try reader.number()
        lastHour = try reader.number()
        hasOtherModels = try reader.number(UInt8.self) != 0
        guard previous < last else { throw reader.damaged() }
    }

    /// Reads the beginning of a header alone.
    init(of header: Span<UInt8>) throws(StorageError) {
        var reader = ByteReader(header, "the header of a segment")
        try self.init(&reader)
    }
}

extension SegmentOutline {
    /// How many chunks of a kind the segment has; nil where only the chunks themselves tell.
    func chunkCount(of kind: SegmentChunk.Kind) -> Int? {
        switch kind {
        case .texts: nil
        case .rows: SegmentChunk.count(of: count)
        case .keys: SegmentChunk.count(of: keyCount)
        case .allows: SegmentChunk.count(of: allowCount)
        case .ends: SegmentChunk.count(of: endCount)
        case .usage: SegmentChunk.count(of: usageCount)
        case .digests: 1
        }
    }
}

/// The range of some reservations' serials: the upper halves of their ids, which grow with time.
struct SerialRange: Equatable {
    var first = UInt64.max
    var last = UInt64.min

    /// Makes it include a reservation.
    mutating func add(_ reservation: ReservationID) {
        let serial = SerialRange.serial(of: reservation)
        first = min(first, serial)
        last = max(last, serial)
    }

    func contains(_ reservation: ReservationID) -> Bool {
        let serial = SerialRange.serial(of: reservation)
        return first <= serial && serial <= last
    }

    func overlaps(_ other: SerialRange) -> Bool { first <= other.last && other.first <= last }

    static func serial(of reservation: ReservationID) -> UInt64 {
        UInt64(truncatingIfNeeded: reservation.rawValue >> 64)
    }
}
