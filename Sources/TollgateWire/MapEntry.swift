/// Two texts or bytes, numbered 1 and 2: an entry of a map, or an `Any`.
struct MapEntry {
    private(set) var key: ByteRange
    private(set) var value: ByteRange

    /// Reads the message that the current field of a reader holds.
    ///
    /// Where it leaves a field out, `earlier` stands: messages that come twice are merged.
    init(
        _ reader: WireReader,
        of message: Span<UInt8>,
        mergedInto earlier: (key: ByteRange, value: ByteRange) = (.empty, .empty)
    ) throws(WireError) {
        (key, value) = earlier
        if let pair = reader.plainPair(in: message) {
            (key, value) = pair
            return
        }
        var reader = try reader.message()
        while try reader.next(in: message) {
            switch reader.field {
            case 1: key = try reader.range()
            case 2: value = try reader.range()
            default: break
            }
        }
    }
}
