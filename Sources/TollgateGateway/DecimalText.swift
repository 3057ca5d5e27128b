/// Numbers as headers carry them.
enum DecimalText {
    /// The number that the digits write; nil for anything else, and for what does not fit.
    static func value(of text: Span<UInt8>) -> UInt64? {
        guard (1...20).contains(text.count) else { return nil }
        var value: UInt64 = 0
        for index in 0..<text.count {
            let byte = text[index]
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let product = value.multipliedReportingOverflow(by: 10)
            let sum = product.partialValue.addingReportingOverflow(UInt64(byte - 0x30))
            guard !product.overflow, !sum.overflow else { return nil }
            value = sum.partialValue
        }
        return value
    }
}
