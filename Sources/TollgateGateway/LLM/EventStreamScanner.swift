/// Walks over server-sent events that come in pieces, cut at any byte, and reads the JSON in them.
///
/// Of an event only its `data` is looked at; several lines of it are one text. What is no JSON, as
/// the `[DONE]` at the end of many streams, tells nothing.
///
/// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
struct EventStreamScanner {
    private static let field: StaticString = "data:"

    private var state = State.name
    /// How much of the line agrees with `data:`.
    private var matched = 0
    /// Whether the event has a line of data already.
    private var hasData = false
    /// Whether the last byte was a carriage return, behind which a line feed ends no other line.
    private var wasReturn = false

    private enum State: BitwiseCopyable {
        /// The line is `data:` until here.
        case name
        /// Behind the colon, where one space may be.
        case space
        case data
        /// The line is something else.
        case skip
    }

    /// Reads the next piece.
    mutating func read(_ bytes: Span<UInt8>, into scanner: inout UsageScanner) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if wasReturn {
                wasReturn = false
                if byte == 0x0A {
                    index += 1
                    continue
                }
            }
            if byte == 0x0A || byte == 0x0D {
                wasReturn = byte == 0x0D
                endLine(&scanner)
                index += 1
                continue
            }
            index = readLine(bytes, from: index, into: &scanner)
        }
    }

    /// Takes bytes of a line, at least one; gives back where to go on.
    private mutating func readLine(
        _ bytes: Span<UInt8>,
        from start: Int,
        into scanner: inout UsageScanner
    ) -> Int {
        let byte = bytes[start]
        let field = EventStreamScanner.field
        switch state {
        case .name:
            guard byte == field.utf8Start[matched] else {
                state = .skip
                return start + 1
            }
            matched += 1
            if matched == field.utf8CodeUnitCount { beginData(&scanner) }
            return start + 1
        case .space:
            state = .data
            return byte == 0x20 ? start + 1 : start
        case .data, .skip:
            var end = start
            while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
            if state == .data { scanner.read(bytes.extracting(start..<end)) }
            return end
        }
    }

    private mutating func beginData(_ scanner: inout UsageScanner) {
        state = .space
        if hasData {
            let newline = [1 of UInt8](repeating: 0x0A)
            scanner.read(newline.span)
        } else {
            scanner.restart()
            hasData = true
        }
    }

    private mutating func endLine(_ scanner: inout UsageScanner) {
        // An empty line ends the event.
        if state == .name, matched == 0 { hasData = false }
        state = .name
        matched = 0
    }
}
