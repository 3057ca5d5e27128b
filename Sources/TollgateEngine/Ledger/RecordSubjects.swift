package import TollgateCore

/// Whose counters the records of a block change, found without counting anything.
package enum RecordSubjects {
    /// Calls with the subject of each change, in order; many more than once.
    ///
    /// - Parameters:
    ///   - block: a block of the journal.
    ///   - body: gets the subjects.
    /// - Returns: how many records the block has.
    /// - Throws: `.corrupt` when the block makes no sense.
    package static func forEach(
        in block: Span<UInt8>,
        _ body: (SubjectID) -> Void
    ) throws(StorageError) -> Int {
        var reader = try JournalBlockReader(block)
        let count = Int(reader.left)
        while let record = try reader.next() {
            switch record[2] {
            case ChargeRecord.type:
                try ChargeRecord.forEachSubject(of: record, body)
            case SettlementRecord.type:
                try SettlementRecord.forEachSubject(of: record, body)
            default:
                break
            }
        }
        return count
    }
}
