package import TollgateCore

/// What a report says was billed, where that is not what was asked for.
package struct BilledService: Equatable, Sendable {
    private var texts = [String](repeating: "", count: Settlement.Field.allCases.count)

    /// The same as was asked for.
    package init() {}

    /// What was billed; empty when it is what was asked for.
    package subscript(field: Settlement.Field) -> String {
        get { texts[field.rawValue] }
        set { texts[field.rawValue] = newValue }
    }
}

extension SettlementRecord {
    /// Reads what a settlement says was billed.
    ///
    /// - Parameter record: the whole record, with length and type.
    /// - Returns: nil when it says nothing of that.
    /// - Throws: `.corrupt` when the record makes no sense.
    package static func billed(
        of record: Span<UInt8>
    ) throws(StorageError) -> BilledService? {
        var reader = try RecordReader(record, type: type, "a settlement record")
        try skipCharge(&reader)
        try skipLevels(&reader)
        try reader.skip(reportLength)
        var lengths = [4 of UInt16](repeating: 0)
        for field in lengths.indices { lengths[field] = try reader.number() }
        var billed = BilledService()
        for field in Settlement.Field.allCases {
            billed[field] = try reader.text(Int(lengths[field.rawValue]))
        }
        return billed == BilledService() ? nil : billed
    }
}
