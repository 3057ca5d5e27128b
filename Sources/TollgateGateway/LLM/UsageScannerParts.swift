/// A text of bounded length; what does not fit makes it empty until it is begun again.
struct ShortText<let limit: Int> {
    private var storage = [limit of UInt8](repeating: 0)
    private var count = 0
    private var isTooLong = false

    /// The text; empty when it did not fit.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { storage.span.extracting(0..<(isTooLong ? 0 : count)) }
    }

    mutating func removeAll() {
        count = 0
        isTooLong = false
    }

    mutating func append(_ bytes: Span<UInt8>) {
        guard bytes.count <= limit - count else {
            isTooLong = true
            return
        }
        for index in 0..<bytes.count { storage[count + index] = bytes[index] }
        count += bytes.count
    }
}

/// What is known of a string that is being read.
struct StringPart: BitwiseCopyable {
    /// Whether it names a field; a value otherwise.
    var isName = false
    /// How many digits of an escape were read, and what they make.
    var digits = 0
    var unit: UInt32 = 0

    /// What a letter behind a backslash stands for; nil when there is no such escape.
    static func character(of letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: nil
        }
    }
}

/// `true`, `false` or `null`, as far as it was read.
struct WordPart {
    private var word: StaticString = "null"
    private var count = 1

    init() {}

    /// The word that begins with a byte; nil when none does.
    init?(_ first: UInt8) {
        switch first {
        case UInt8(ascii: "t"): word = "true"
        case UInt8(ascii: "f"): word = "false"
        case UInt8(ascii: "n"): word = "null"
        default: return nil
        }
    }

    var isComplete: Bool { count == word.utf8CodeUnitCount }

    /// Takes the next byte; false when it is another.
    mutating func take(_ byte: UInt8) -> Bool {
        guard count < word.utf8CodeUnitCount, word.utf8Start[count] == byte else { return false }
        count += 1
        return true
    }
}

/// A number (RFC 8259 section 6), as far as it was read.
struct NumberPart {
    private var decimal = Decimal()
    private var isNegative = false
    private var exponent = 0
    private var isExponentNegative = false
    private var state = State.start

    private enum State: BitwiseCopyable {
        case start, sign, zero, whole, point, fraction, mark, markSign, exponent
    }

    /// Takes the next byte; false when it is no part of the number.
    mutating func take(_ byte: UInt8) -> Bool {
        guard let next = state(after: byte) else { return false }
        state = next
        let digit = byte &- 0x30
        switch next {
        case .sign: isNegative = true
        case .zero, .whole: decimal.appendWhole(digit)
        case .fraction: decimal.appendFraction(digit)
        case .markSign: isExponentNegative = byte == UInt8(ascii: "-")
        // Beyond this every number is 0 or huge.
        case .exponent: exponent = min(exponent * 10 + Int(digit), 1 << 40)
        case .start, .point, .mark: break
        }
        return true
    }

    private func state(after byte: UInt8) -> State? {
        let isDigit = byte >= 0x30 && byte <= 0x39
        switch state {
        case .start where byte == UInt8(ascii: "-"): return .sign
        case .start, .sign: return isDigit ? (byte == 0x30 ? .zero : .whole) : nil
        case .whole where isDigit: return .whole
        case .zero where byte == UInt8(ascii: "."), .whole where byte == UInt8(ascii: "."):
            return .point
        case .fraction where isDigit: return .fraction
        case .point: return isDigit ? .fraction : nil
        case .mark where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"): return .markSign
        case .mark, .markSign, .exponent: return isDigit ? .exponent : nil
        case .zero, .whole, .fraction: return byte | 0x20 == UInt8(ascii: "e") ? .mark : nil
        }
    }

    /// The number; nil when it is cut off.
    var value: JSONNumber? {
        switch state {
        case .zero, .whole, .fraction, .exponent: break
        case .start, .sign, .point, .mark, .markSign: return nil
        }
        var decimal = decimal
        decimal.exponent += isExponentNegative ? -exponent : exponent
        return decimal.number(isNegative: isNegative)
    }
}
