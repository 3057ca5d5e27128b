internal import TollgateCore
internal import TollgateEngine

/// Where the decision on an allowed request is, found by its reservation.
///
/// 20 bytes, little-endian: reservation (16), row (4).
struct SegmentAllow {
    static let length = 20

    let reservation: ReservationID
    /// The number of its row in the segment.
    let row: UInt32

    init(reservation: ReservationID, row: UInt32) {
        self.reservation = reservation
        self.row = row
    }

    /// Reads the entry with a number out of a chunk that has it.
    init(_ number: Int, of chunk: Span<UInt8>) {
        let start = number * SegmentAllow.length
        reservation = ReservationID(rawValue: chunk.littleEndian(at: start))
        row = chunk.littleEndian(at: start + 16)
    }

    /// Adds the entry to a chunk.
    func write(to writer: inout ByteWriter) {
        writer.append(reservation.rawValue)
        writer.append(row)
    }
}

/// How a request ended, as its decision's row shows it, found by its reservation.
///
/// 80 bytes, little-endian: reservation (16), time (8), input, output and cached input tokens (8
/// each), tokens and cost that count (8 each), latency (4), status (2), ending (1), flags (1: it
/// counts as a request, 2: cancelled, 4: its record says what was billed), the record's chunk of texts
/// (4), offset in it (2), two zeros. Of several with one reservation, the last one is the latest.
struct SegmentEnd {
    static let length = 80

    let ending: RequestEnding
    /// Whether the record says what was billed in the place of what was asked for.
    let isBilledOtherwise: Bool
    /// The chunk of texts that has the record, and where in it the record starts.
    let chunk: UInt32
    let offset: UInt16

    /// How a request ended, and the row of the record that says so.
    init(_ recorded: RecordedEnding, _ row: SegmentRow) {
        ending = recorded.ending
        isBilledOtherwise = recorded.isBilledOtherwise
        chunk = row.chunk
        offset = row.offset
    }

    /// Adds the entry to a chunk.
    func write(to writer: inout ByteWriter) {
        writer.append(ending.reservation.rawValue)
        writer.append(ending.time.milliseconds)
        writer.append(ending.tokens.input)
        writer.append(ending.tokens.output)
        writer.append(ending.tokens.cachedInput)
        writer.append(ending.used.tokens)
        writer.append(ending.used.cost)
        writer.append(ending.latency)
        writer.append(ending.status)
        writer.append(ending.ending.rawValue)
        writer.append(
            UInt8(ending.used.requests > 0 ? 1 : 0) | (ending.isCancelled ? 2 : 0)
                | (isBilledOtherwise ? 4 : 0)
        )
        writer.append(UInt64(chunk) | UInt64(offset) << 32)
    }

    /// Reads the entry with a number out of a chunk that has it.
    ///
    /// - Throws: `.corrupt` when it makes no sense.
    init(_ number: Int, of chunk: Span<UInt8>) throws(StorageError) {
        let start = number * SegmentEnd.length
        guard let kind = Settlement.Ending(rawValue: chunk[start + 70]) else {
            throw StorageError(.corrupt, "an end of a request that makes no sense")
        }
        let flags = chunk[start + 71]
        var ending = RequestEnding(
            kind,
            of: ReservationID(rawValue: chunk.littleEndian(at: start)),
            time: WallTime(milliseconds: chunk.littleEndian(at: start + 16)),
            used: Amounts(
                requests: flags & 1 == 0 ? 0 : 1,
                tokens: chunk.littleEndian(at: start + 48),
                cost: chunk.littleEndian(at: start + 56)
            )
        )
        ending.isCancelled = flags & 2 != 0
        isBilledOtherwise = flags & 4 != 0
        self.chunk = chunk.littleEndian(at: start + 72)
        offset = chunk.littleEndian(at: start + 76)
        ending.tokens = TokenCounts(
            input: chunk.littleEndian(at: start + 24),
            cachedInput: chunk.littleEndian(at: start + 40),
            output: chunk.littleEndian(at: start + 32)
        )
        ending.latency = chunk.littleEndian(at: start + 64)
        ending.status = chunk.littleEndian(at: start + 68)
        self.ending = ending
    }
}
