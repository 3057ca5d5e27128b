internal import TollgateCore

/// Gives the models of one segment numbers in the order in which they are asked for first.
///
/// The models come from callers: there is a bound, and what lies beyond has no number.
struct ModelNumbers {
    private static let slotCount = 1024

    /// The models by number; at most 255.
    private(set) var models: [[UInt8]] = []

    /// Whether there were more.
    private(set) var hasOthers = false

    /// A hash table with open addressing: numbers plus one, zero for a free place.
    private var slots = [UInt16](repeating: 0, count: slotCount)

    /// The number of a model, `SegmentRow.otherModel` when it has none.
    mutating func number(of model: Span<UInt8>) -> UInt8 {
        var slot = ModelNumbers.hash(model) & (ModelNumbers.slotCount - 1)
        while slots[slot] != 0 {
            let number = Int(slots[slot]) - 1
            let known = models[number]
            if Text.equal(known.span, model) {
                return UInt8(truncatingIfNeeded: number)
            }
            slot = (slot + 1) & (ModelNumbers.slotCount - 1)
        }
        guard models.count < Int(SegmentRow.otherModel) else {
            hasOthers = true
            return SegmentRow.otherModel
        }
        models.append(model.withUnsafeBufferPointer { Array($0) })
        slots[slot] = UInt16(models.count)
        return UInt8(models.count - 1)
    }

    /// FNV-1a; collisions cost a few comparisons, at most 255.
    private static func hash(_ bytes: Span<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<bytes.count {
            hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3
        }
        return Int(truncatingIfNeeded: (hash ^ hash >> 32) & 0x7FFF_FFFF)
    }
}
