extension RecurringZone {
    /// The zone that a TZ string describes: `CET-1CEST,M3.5.0,M10.5.0/3`.
    ///
    /// - Returns: nil when it is anything else, or leaves open when daylight time begins.
    init?(_ text: ArraySlice<UInt8>) {
        var reader = TZStringReader(rest: text)
        guard reader.skipName(), let standard = reader.offset() else { return nil }
        standardOffset = standard
        guard !reader.rest.isEmpty else {
            daylight = nil
            return
        }
        guard reader.skipName() else { return nil }
        var offset = standard + 3600
        if reader.rest.first != UInt8(ascii: ",") {
            guard let written = reader.offset() else { return nil }
            offset = written
        }
        guard let start = reader.yearDay(), let end = reader.yearDay(), reader.rest.isEmpty else {
            return nil
        }
        daylight = Daylight(offset: offset, start: start, end: end)
    }
}

/// Takes a TZ string apart from its front.
private struct TZStringReader {
    /// What is not read yet.
    var rest: ArraySlice<UInt8>

    /// Steps over the name of an offset, `CET` or `<+0330>`, which says nothing to us.
    mutating func skipName() -> Bool {
        let isQuoted = skip("<")
        let name = rest.prefix { byte in
            switch byte {
            case 0x41...0x5A, 0x61...0x7A: true
            case 0x30...0x39, UInt8(ascii: "+"), UInt8(ascii: "-"): isQuoted
            default: false
            }
        }
        rest = rest.dropFirst(name.count)
        return name.count >= 3 && (!isQuoted || skip(">"))
    }

    /// An offset in seconds east of UTC; it is written the other way round.
    mutating func offset() -> Int64? {
        time(hours: 24).map { -$0 }
    }

    /// A comma, a day of the year and the time on it, which is 2:00 when left out.
    mutating func yearDay() -> RecurringZone.YearDay? {
        guard skip(","), let day = day() else { return nil }
        guard skip("/") else { return RecurringZone.YearDay(day: day, seconds: 7200) }
        return time(hours: 167).map { RecurringZone.YearDay(day: day, seconds: $0) }
    }

    private mutating func day() -> RecurringZone.YearDay.Day? {
        if skip("J") { return number(1...365).map { .withoutLeapDay($0) } }
        guard skip("M") else { return number(0...365).map { .ordinal($0) } }
        guard
            let month = number(1...12), skip("."),
            let week = number(1...5), skip("."),
            let weekday = number(0...6)
        else { return nil }
        return .weekday(month: month, week: week, weekday: weekday)
    }

    /// Hours, and minutes and seconds if they are there, in seconds.
    private mutating func time(hours most: Int64) -> Int64? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard let hours = number(0...most) else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] as [Int64] {
            guard skip(":") else { break }
            guard let number = number(0...59) else { return nil }
            seconds += number * unit
        }
        return isNegative ? -seconds : seconds
    }

    /// A number of at most three digits.
    private mutating func number(_ range: ClosedRange<Int64>) -> Int64? {
        var number: Int64 = 0
        var digits = 0
        while digits < 4, let byte = rest.first, byte >= 0x30, byte <= 0x39 {
            number = number * 10 + Int64(byte - 0x30)
            digits += 1
            rest = rest.dropFirst()
        }
        return digits >= 1 && digits <= 3 && range.contains(number) ? number : nil
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let byte = rest.first, UInt32(byte) == character.value else { return false }
        rest = rest.dropFirst()
        return true
    }
}
