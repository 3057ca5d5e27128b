internal import TollgateCore
internal import TollgateEngine

/// What filters need of one sealed record, and where the rest of it is.
///
/// The record is a decision, several alike of strangers, an action of an administrator, or a
/// settlement: how what was decided ended.
///
/// 32 bytes, little-endian: position (8), time (8), index in the block (4), key's number (4), chunk
/// of texts (4), offset in it (2), reason (1), model's number (1).
struct SegmentRow {
    static let length = 32

    /// Stands for no key at all.
    static let noKey = UInt32.max

    /// Stands, in the place of a reason, for a settlement.
    static let settlement = UInt8.max

    /// Stands, in the place of a reason, for an action of an administrator.
    static let action = UInt8.max - 1

    /// Stands for a model that has no number in its segment.
    static let otherModel = UInt8.max

    var place: AuditPlace
    var time: WallTime
    /// Which of the segment's keys, in the order of ids.
    var key: UInt32
    /// The chunk of texts that has the record, and where in it the record starts.
    var chunk: UInt32 = 0
    var offset: UInt16 = 0
    /// A `Reason`'s raw value, `settlement` or `action`.
    var reason: UInt8 = 0
    /// Which of the header's models; `otherModel` for records that name none.
    var model = SegmentRow.otherModel

    /// Whether the record is a settlement, which has no row of its own on a page.
    var isSettlement: Bool { reason == SegmentRow.settlement }

    /// Whether the record is a decision, or several that are alike.
    var isDecision: Bool { reason < SegmentRow.action }

    /// Adds the row to a chunk.
    func write(to writer: inout ByteWriter) {
        // Two fields of a kind share a word: fewer appends, and there are 64 k rows in a segment.
        writer.append(place.position.rawValue)
        writer.append(time.milliseconds)
        writer.append(UInt64(place.index) | UInt64(key) << 32)
        writer.append(
            UInt64(chunk) | UInt64(offset) << 32 | UInt64(reason) << 48 | UInt64(model) << 56
        )
    }
}

extension SegmentRow {
    /// Reads the row with a number out of a chunk that has it.
    init(_ number: Int, of chunk: Span<UInt8>) {
        let start = number * SegmentRow.length
        let position = JournalPosition(rawValue: chunk.littleEndian(at: start))
        place = AuditPlace(position: position, index: chunk.littleEndian(at: start + 16))
        time = WallTime(milliseconds: chunk.littleEndian(at: start + 8))
        key = chunk.littleEndian(at: start + 20)
        self.chunk = chunk.littleEndian(at: start + 24)
        offset = chunk.littleEndian(at: start + 28)
        reason = chunk[start + 30]
        model = chunk[start + 31]
    }
}

/// Where the rows of one key are in a segment.
///
/// 36 bytes, little-endian: id (16), first row (4), last row (4), number of rows (4), reasons (8).
struct SegmentKey {
    static let length = 36

    let id: KeyID
    var first: UInt32
    var last: UInt32
    var count: UInt32
    /// Which reasons decisions have, a bit for each raw value.
    var reasons: UInt64

    /// A key that has had no row yet.
    init(_ id: KeyID) {
        self.id = id
        first = .max
        last = 0
        count = 0
        reasons = 0
    }

    /// Reads the key with a number out of a chunk that has it.
    init(_ number: Int, of chunk: Span<UInt8>) {
        let start = number * SegmentKey.length
        id = KeyID(rawValue: chunk.littleEndian(at: start))
        first = chunk.littleEndian(at: start + 16)
        last = chunk.littleEndian(at: start + 20)
        count = chunk.littleEndian(at: start + 24)
        reasons = chunk.littleEndian(at: start + 28)
    }

    /// Notes one of the key's rows; rows come in order.
    mutating func add(row: UInt32, reason: UInt8) {
        first = min(first, row)
        last = row
        count += 1
        if reason < SegmentRow.action { reasons |= 1 << UInt64(reason & 63) }
    }

    /// Adds the key to a chunk.
    func write(to writer: inout ByteWriter) {
        writer.append(id.rawValue)
        writer.append(first)
        writer.append(last)
        writer.append(count)
        writer.append(reasons)
    }
}
