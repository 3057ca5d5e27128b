/// A length as headers carry it.
struct DecimalDigits {
    private var digits = [20 of UInt8](repeating: UInt8(ascii: "0"))
    private var start = 20

    /// The digits of a number that is not negative.
    init(_ value: Int) {
        var rest = value
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
    }

    /// Lends the digits for as long as the call takes.
    func withBytes(_ use: (UnsafeBufferPointer<UInt8>) -> Void) {
        let start = start
        digits.span.withUnsafeBufferPointer { use(UnsafeBufferPointer(rebasing: $0[start...])) }
    }
}
