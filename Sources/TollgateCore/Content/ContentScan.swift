/// Looks for the content rules of a key in the texts of one request.
///
/// All rules at once, one step for each character, whatever the text; nothing is allocated, and
/// nothing of the texts is kept. A scan belongs to whoever reads the request, and to no other thread.
package struct ContentScan: ~Copyable {
    package let rules: ContentRules
    /// The rules that were found, a bit for each.
    package private(set) var found: UInt64 = 0

    private var state = [16 of UInt64](repeating: 0)
    private var next = [16 of UInt64](repeating: 0)
    /// Whether no match is under way.
    private var isIdle = true

    package init(by rules: ContentRules) {
        self.rules = rules
    }

    /// Begins a text, and ends the one before it.
    package mutating func beginText() {
        take(ContentRules.edgeColumn)
    }

    /// Ends the last text; not to be called when it was cut off.
    package mutating func endTexts() {
        take(ContentRules.edgeColumn)
    }

    /// Reads on in a text.
    ///
    /// A byte that is no UTF-8 counts as U+FFFD, as most readers take it.
    package mutating func read(_ bytes: Span<UInt8>) {
        let (begins, table, jumps) = (rules.begins, rules.table, rules.jumps)
        var index = 0
        while index < bytes.count, found != rules.all {
            let byte = bytes[index]
            if isIdle, !begins[Int(byte)] {
                index += 1
            } else if byte < 0x80 {
                step(Int(byte), table.span, jumps.span)
                index += 1
            } else if let length = Text.sequenceLength(bytes, at: index) {
                var scalar = UInt32(byte) & (0x7F >> UInt32(length))
                for place in index + 1..<index + length {
                    scalar = scalar << 6 | UInt32(bytes[place] & 0x3F)
                }
                step(rules.column(of: scalar), table.span, jumps.span)
                index += length
            } else {
                step(rules.column(of: 0xFFFD), table.span, jumps.span)
                index += 1
            }
        }
    }

    /// Reads one character, or half of one, which counts as U+FFFD.
    package mutating func read(_ scalar: UInt32?) {
        let scalar = scalar ?? 0xFFFD
        take(scalar < 0x80 ? Int(scalar) : rules.column(of: scalar))
    }

    private mutating func take(_ column: Int) {
        let (table, jumps) = (rules.table, rules.jumps)
        step(column, table.span, jumps.span)
    }

    /// Takes one character, by its column.
    @inline(__always)
    private mutating func step(
        _ column: Int,
        _ table: Span<UInt64>,
        _ jumps: Span<ContentRules.Jump>
    ) {
        let count = rules.wordCount
        var carry: UInt64 = 0
        for word in 0..<count {
            let linked = state[word] & table[2 * count + word]
            next[word] = linked << 1 | carry | table[word]
            carry = linked >> 63
        }
        if !isIdle {
            for index in 0..<jumps.count {
                let jump = jumps[index]
                guard state[jump.sourceWord] & jump.sources != 0 else { continue }
                next[jump.targetWord] |= jump.targets
            }
        }
        let reach = (3 + column) * count
        var any: UInt64 = 0
        for word in 0..<count {
            let now = next[word] & table[reach + word]
            state[word] = now
            any |= now
            let ends = now & table[count + word]
            if ends != 0 { note(ends, inWord: word) }
        }
        isIdle = any == 0
    }

    private mutating func note(_ ends: UInt64, inWord word: Int) {
        var ends = ends
        while ends != 0 {
            found |= 1 << UInt64(rules.rules[word * 64 + ends.trailingZeroBitCount])
            ends &= ends - 1
        }
    }
}
