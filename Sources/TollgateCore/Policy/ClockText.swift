/// Times of day and dates as a policy writes them.
struct ClockText {
    private let bytes: [UInt8]
    private var index = 0

    private init(_ text: String) {
        // Nothing that is read here is that long; an empty text is refused by its first digit.
        bytes = text.utf8.count <= 40 ? Array(text.utf8) : []
    }

    /// The seconds after midnight of `09:00` or `09:00:00`, up to `24:00`; nil for anything else.
    static func secondOfDay(_ text: String) -> Int64? {
        var reader = ClockText(text)
        guard let hour = reader.number(2), reader.skip(":"), let minute = reader.number(2) else {
            return nil
        }
        var second: Int64 = 0
        if reader.skip(":") {
            guard let number = reader.number(2) else { return nil }
            second = number
        }
        let seconds = hour * 3600 + minute * 60 + second
        guard reader.isAtEnd, minute <= 59, second <= 59, seconds <= 86_400 else { return nil }
        return seconds
    }

    /// A date, or a time with an offset from UTC.
    enum Moment: Equatable {
        /// Days since 1970-01-01, in whatever zone is meant.
        case day(Int64)
        case time(WallTime)
    }

    /// What `2030-01-31` or `2030-01-31T12:00:00Z` names; nil for anything else.
    ///
    /// Digits behind the millisecond are dropped; a leap second is the second after it.
    static func moment(_ text: String) -> Moment? {
        var reader = ClockText(text)
        guard let day = reader.day() else { return nil }
        if reader.isAtEnd { return .day(day) }
        guard
            reader.skip("T") || reader.skip("t") || reader.skip(" "),
            let hour = reader.number(2), hour <= 23, reader.skip(":"),
            let minute = reader.number(2), minute <= 59, reader.skip(":"),
            let second = reader.number(2), second <= 60,
            let fraction = reader.fraction(),
            let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        let seconds = day * 86_400 + hour * 3600 + minute * 60 + second - offset
        return .time(WallTime(milliseconds: seconds * 1000 + fraction))
    }

    private var isAtEnd: Bool { index == bytes.count }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func digit() -> Int64? {
        guard index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 else { return nil }
        index += 1
        return Int64(bytes[index - 1] - 0x30)
    }

    /// A number of exactly so many digits.
    private mutating func number(_ width: Int) -> Int64? {
        var number: Int64 = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    /// A date as days since 1970-01-01.
    private mutating func day() -> Int64? {
        guard
            let year = number(4), skip("-"), let month = number(2), skip("-"),
            let day = number(2), (1...12).contains(month), day >= 1
        else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        // A day that its month does not have is one of the next month.
        guard CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date else { return nil }
        return date.daysSinceEpoch
    }

    /// The milliseconds behind a point, 0 when there is no point.
    private mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        guard let first = digit() else { return nil }
        var milliseconds = first * 100
        var unit: Int64 = 10
        while let digit = digit() {
            milliseconds += digit * unit
            unit /= 10
        }
        return milliseconds
    }

    /// The offset from UTC in seconds.
    private mutating func offset() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        let isWest = skip("-")
        guard
            isWest || skip("+"), let hours = number(2), hours <= 23, skip(":"),
            let minutes = number(2), minutes <= 59
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
    }
}
