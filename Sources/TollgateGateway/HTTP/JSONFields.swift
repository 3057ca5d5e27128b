internal import TollgateCore
internal import TollgateWire

/// Values of JSON objects that proxies and scripts write in our own words: strict, in place.
///
/// Of a value that is not what its field takes the field is named. `null` is the same as no value.
struct JSONFields {
    var scanner = JSONScanner()

    /// Calls back for each field of an object, which must take its value.
    mutating func readObject(
        _ body: Span<UInt8>,
        _ read: (inout JSONFields, JSONScanner.StringRange) throws(HTTPProblem) -> Void
    ) throws(HTTPProblem) {
        try take(UInt8(ascii: "{"), body)
        if try takes(UInt8(ascii: "}"), body) { return }
        repeat {
            let name = try string(body)
            try take(UInt8(ascii: ":"), body)
            try read(&self, name)
        } while try takes(UInt8(ascii: ","), body)
        try take(UInt8(ascii: "}"), body)
    }

    /// A text; nil for `null`.
    mutating func text(
        _ name: StaticString,
        _ body: Span<UInt8>
    ) throws(HTTPProblem) -> JSONScanner.StringRange? {
        if try isNull(body) { return nil }
        guard try kind(body) == .string else { throw HTTPProblem(.wrongType, name) }
        return try string(body)
    }

    /// A count that is not larger than `limit`; 0 for `null`.
    mutating func count(
        _ name: StaticString,
        upTo limit: UInt64,
        _ body: Span<UInt8>
    ) throws(HTTPProblem) -> UInt64 {
        if try isNull(body) { return 0 }
        guard try kind(body) == .number else { throw HTTPProblem(.wrongType, name) }
        let number: JSONNumber
        do {
            number = try scanner.number(body)
        } catch {
            throw HTTPProblem(.notJSON)
        }
        guard !number.isNegative, !number.isHuge, number.count <= limit else {
            throw HTTPProblem(.badValue, name)
        }
        return number.count
    }

    /// A truth value; false for `null`.
    mutating func flag(
        _ name: StaticString,
        _ body: Span<UInt8>
    ) throws(HTTPProblem) -> Bool {
        guard try kind(body) == .word else { throw HTTPProblem(.wrongType, name) }
        do {
            return try scanner.word(body) ?? false
        } catch {
            throw HTTPProblem(.notJSON)
        }
    }

    private mutating func isNull(_ body: Span<UInt8>) throws(HTTPProblem) -> Bool {
        guard try kind(body) == .word else { return false }
        var ahead = scanner
        guard (try? ahead.word(body)) == .some(nil) else { return false }
        scanner = ahead
        return true
    }

    /// Whether nothing follows.
    mutating func isAtEnd(_ body: Span<UInt8>) -> Bool {
        scanner.isAtEnd(body)
    }

    mutating func skip(_ body: Span<UInt8>) throws(HTTPProblem) {
        do {
            _ = try scanner.skipValue(body)
        } catch {
            throw HTTPProblem(.notJSON)
        }
    }

    // MARK: The scanner's steps, whose failures are one here: the whole body came

    mutating func kind(_ body: Span<UInt8>) throws(HTTPProblem) -> JSONScanner.Kind {
        do {
            return try scanner.kind(body)
        } catch {
            throw HTTPProblem(.notJSON)
        }
    }

    mutating func take(_ byte: UInt8, _ body: Span<UInt8>) throws(HTTPProblem) {
        do {
            try scanner.take(byte, body)
        } catch {
            throw HTTPProblem(.notJSON)
        }
    }

    mutating func takes(_ byte: UInt8, _ body: Span<UInt8>) throws(HTTPProblem) -> Bool {
        do {
            return try scanner.takes(byte, body)
        } catch {
            throw HTTPProblem(.notJSON)
        }
    }

    private mutating func string(
        _ body: Span<UInt8>
    ) throws(HTTPProblem) -> JSONScanner.StringRange {
        do {
            return try scanner.string(body)
        } catch {
            throw HTTPProblem(.notJSON)
        }
    }
}

extension JSONScanner.StringRange {
    var range: Range<Int> { start..<start + count }
}
