/// What a journal has when it is opened.
struct JournalContent: Equatable, Sendable {
    /// The last position that was ever given out, as far as is known.
    var last: UInt64 = 0
    /// The last position of which there is a block or a segment.
    var proven: UInt64 = 0
    /// The last position in segments.
    var sealed: UInt64 = 0
    /// The last position that the ledger includes.
    var ledger: UInt64 = 0
    /// What is behind the last position in segments.
    var unsealedDecisions = 0
    var unsealedBytes = 0
    /// When it was looked at, in nanoseconds of the store's clock.
    var now: Int64 = 0
}
