internal import TollgateCore
internal import TollgateEngine

/// What the records of one segment add to what a key has used of a model, for decisions of one hour.
///
/// The decision may be in an earlier segment: what its end adds is counted where the end is, for the
/// hour of the decision. So the sum over all segments is what the rows show, and no row is read.
///
/// 80 bytes, little-endian: key (16), hour (4), model's number (1), three zeros, then requests,
/// denied ones, tokens, input, output and cached input tokens, and cost (8 each).
struct SegmentUsage {
    static let length = 80

    /// What is counted together.
    struct Group: Hashable {
        let key: KeyID
        /// The hour of the decision, counted from 1970-01-01T00Z.
        let hour: Int32
        /// Which of the header's models; `SegmentRow.otherModel` for those without a number.
        let model: UInt8
    }

    let group: Group
    var totals: UsageTotals

    init(_ group: Group, _ totals: UsageTotals) {
        self.group = group
        self.totals = totals
    }

    /// Adds the entry to a chunk.
    func write(to writer: inout ByteWriter) {
        writer.append(group.key.rawValue)
        writer.append(group.hour)
        writer.append(UInt32(group.model))
        writer.append(totals.requests)
        writer.append(totals.denied)
        writer.append(totals.tokens)
        writer.append(totals.inputTokens)
        writer.append(totals.outputTokens)
        writer.append(totals.cachedInputTokens)
        writer.append(totals.cost)
    }

    /// Reads the entry with a number out of a chunk that has it.
    init(_ number: Int, of chunk: Span<UInt8>) {
        let start = number * SegmentUsage.length
        group = Group(
            key: KeyID(rawValue: chunk.littleEndian(at: start)),
            hour: chunk.littleEndian(at: start + 16),
            model: chunk[start + 20]
        )
        totals = UsageTotals()
        totals.requests = chunk.littleEndian(at: start + 24)
        totals.denied = chunk.littleEndian(at: start + 32)
        totals.tokens = chunk.littleEndian(at: start + 40)
        totals.inputTokens = chunk.littleEndian(at: start + 48)
        totals.outputTokens = chunk.littleEndian(at: start + 56)
        totals.cachedInputTokens = chunk.littleEndian(at: start + 64)
        totals.cost = chunk.littleEndian(at: start + 72)
    }

    /// The hour of a time, counted from 1970-01-01T00Z.
    static func hour(of time: WallTime) -> Int32 {
        Int32(clamping: time.milliseconds.floored(by: 3_600_000))
    }
}
