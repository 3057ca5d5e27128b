/// A JSON number (RFC 8259 section 6) as a count: rounded up, never negative.
struct JSONNumber: Equatable {
    /// The largest count that is told apart; anything above is given as this.
    static let limit = UInt64(Int64.max)

    /// The number rounded up to a whole one; 0 when it is negative.
    private(set) var count: UInt64

    /// Whether there is a minus sign before anything but 0.
    private(set) var isNegative: Bool

    /// Whether it was larger than `limit`.
    private(set) var isHuge: Bool
}

extension JSONScanner {
    /// Takes a number.
    ///
    /// - Throws: `cut` also when the number ends with the text, as more of its digits may follow.
    mutating func number(_ text: Span<UInt8>) throws(Failure) -> JSONNumber {
        var decimal = Decimal()
        let hasSign = try takes(UInt8(ascii: "-"), text)
        let hasLeadingZero = try nextByte(text) == UInt8(ascii: "0")
        let whole = try digits(text) { decimal.appendWhole($0) }
        guard whole > 0, !hasLeadingZero || whole == 1 else { throw .notJSON }
        if try nextByte(text) == UInt8(ascii: ".") {
            step()
            guard try digits(text, { decimal.appendFraction($0) }) > 0 else { throw .notJSON }
        }
        if try nextByte(text) | 0x20 == UInt8(ascii: "e") {
            step()
            let sign = try nextByte(text)
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { step() }
            var exponent = 0
            // Beyond this every number is 0 or huge, however many digits it has within a message.
            let count = try digits(text) { exponent = min(exponent * 10 + Int($0), 1 << 40) }
            guard count > 0 else { throw .notJSON }
            decimal.exponent += sign == UInt8(ascii: "-") ? -exponent : exponent
        }
        return decimal.number(isNegative: hasSign)
    }

    /// Takes digits, and gives back how many there were.
    private mutating func digits(
        _ text: Span<UInt8>,
        _ body: (UInt8) -> Void
    ) throws(Failure) -> Int {
        var count = 0
        while true {
            let byte = try nextByte(text)
            guard byte >= 0x30 && byte <= 0x39 else { return count }
            body(byte - 0x30)
            step()
            count += 1
        }
    }
}

/// A decimal number of any length: its first 18 digits, and where its point is.
struct Decimal {
    private var mantissa: UInt64 = 0

    /// Whether a digit other than 0 did not fit into the mantissa.
    private var isMore = false

    /// The power of ten that the mantissa is to be multiplied by.
    var exponent = 0

    mutating func appendWhole(_ digit: UInt8) {
        if !append(digit) { exponent += 1 }
    }

    mutating func appendFraction(_ digit: UInt8) {
        if append(digit) { exponent -= 1 }
    }

    private mutating func append(_ digit: UInt8) -> Bool {
        guard mantissa < 100_000_000_000_000_000 else {
            if digit != 0 { isMore = true }
            return false
        }
        mantissa = mantissa * 10 + UInt64(digit)
        return true
    }

    func number(isNegative: Bool) -> JSONNumber {
        if mantissa == 0 { return JSONNumber(count: 0, isNegative: false, isHuge: false) }
        if isNegative { return JSONNumber(count: 0, isNegative: true, isHuge: false) }
        var count = mantissa
        var isMore = isMore
        var places = exponent
        while places < 0, count > 0 {
            isMore = isMore || count % 10 != 0
            count /= 10
            places += 1
        }
        if isMore { count += 1 }
        while places > 0 {
            let (product, isOverflow) = count.multipliedReportingOverflow(by: 10)
            if isOverflow || product > JSONNumber.limit {
                return JSONNumber(count: JSONNumber.limit, isNegative: false, isHuge: true)
            }
            count = product
            places -= 1
        }
        return JSONNumber(count: count, isNegative: false, isHuge: false)
    }
}
