internal import TollgateCore

/// Walks over JSON (RFC 8259) that comes in pieces, cut at any byte, and keeps what it says of use.
///
/// A state machine of fixed size: nothing of the text is kept but the name or short value that is
/// being read, so an answer may be as long as it likes. What is told counts when its object, the
/// answer or one event of it, is complete; of a name that comes twice the last one counts.
struct UsageScanner {
    /// How deep values may be nested.
    static let depthLimit = 64

    /// What was told by all objects until now.
    private(set) var counts = UsageCounts()
    /// What was generated when a stream began, told before any of it was there.
    private(set) var firstOutput: UInt64 = 0
    /// The model that has answered.
    private(set) var model = ShortText<256>()
    /// How many tokens the texts of events make, estimated: see `endDocument`.
    private(set) var estimatedOutput: UInt64 = 0
    /// How many objects were complete.
    private(set) var documents = 0
    /// Whether the outermost value is an array: a stream of objects in one.
    private(set) var isArray = false

    private var state = State.value
    private var depth = 0
    private var places = [64 of UsagePlace](repeating: .other)
    /// A bit for each level: whether it is an object.
    private var objects: UInt64 = 0
    /// Where the next value, or the one that is being read, stands.
    private var place = UsagePlace.root
    private var string = StringPart()
    private var name = ShortText<32>()
    private var word = WordPart()
    private var number = NumberPart()
    private var document = Document()

    /// What the next byte belongs to.
    private enum State: BitwiseCopyable {
        case value, elementOrEnd, name, nameOrEnd, colon, commaOrEnd
        case string, escape, hex
        case number, word
        /// The outermost value is over.
        case end
        case broken
    }

    /// What one object has told until now.
    private struct Document {
        var counts = UsageCounts()
        var textBytes: UInt64 = 0
        var isStart = false
    }

    /// Whether the bytes until now are one whole value.
    var isWhole: Bool { state == .end }

    /// Whether the bytes are no JSON, or too deep.
    var isBroken: Bool { state == .broken }

    /// Begins a new text; what the ones before it told stays.
    mutating func restart() {
        state = .value
        depth = 0
        place = .root
        document = Document()
    }

    /// Reads the next piece.
    mutating func read(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch state {
            case .string: index = readString(bytes, from: index)
            case .number:
                if number.take(byte) {
                    index += 1
                } else {
                    // The byte belongs to what comes behind the number.
                    endNumber()
                }
            case .broken: return
            default:
                index += 1
                step(byte)
            }
        }
    }

    /// Takes a byte outside of strings' plain characters and numbers.
    private mutating func step(_ byte: UInt8) {
        switch state {
        case .escape: return escape(byte)
        case .hex: return hex(byte)
        case .word:
            guard word.take(byte) else { return fail() }
            if word.isComplete { endValue() }
            return
        default: break
        }
        if byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { return }
        switch state {
        case .value: beginValue(byte)
        case .elementOrEnd: byte == UInt8(ascii: "]") ? close(byte) : beginValue(byte)
        case .name: beginName(byte)
        case .nameOrEnd: byte == UInt8(ascii: "}") ? close(byte) : beginName(byte)
        case .colon:
            if byte == UInt8(ascii: ":") { state = .value } else { fail() }
        case .commaOrEnd: byte == UInt8(ascii: ",") ? next() : close(byte)
        default: fail()
        }
    }

    private mutating func fail() {
        state = .broken
    }

    // MARK: Values

    private mutating func beginValue(_ byte: UInt8) {
        // What stands here takes the place of an earlier one of this name.
        if place == .usage { document.counts = UsageCounts() }
        switch byte {
        case UInt8(ascii: "{"): open(isObject: true)
        case UInt8(ascii: "["): open(isObject: false)
        case UInt8(ascii: "\""):
            string = StringPart()
            if place == .model { model.removeAll() }
            if place == .kind { name.removeAll() }
            state = .string
        case UInt8(ascii: "-"), 0x30...0x39:
            number = NumberPart()
            _ = number.take(byte)
            state = .number
        default:
            guard let begun = WordPart(byte) else { return fail() }
            word = begun
            state = .word
        }
    }

    private var isInObject: Bool { objects >> UInt64(depth - 1) & 1 == 1 }

    private mutating func open(isObject: Bool) {
        guard depth < UsageScanner.depthLimit else { return fail() }
        if depth == 0 { isArray = !isObject }
        let bit: UInt64 = 1 << UInt64(depth)
        objects = isObject ? objects | bit : objects & ~bit
        place = place.asContainer
        places[depth] = place
        depth += 1
        if isObject, place == .root { document = Document() }
        state = isObject ? .nameOrEnd : .elementOrEnd
    }

    private mutating func close(_ byte: UInt8) {
        guard byte == (isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { return fail() }
        if isInObject, places[depth - 1] == .root { endDocument() }
        depth -= 1
        endValue()
    }

    /// A value is over: the container around it goes on.
    private mutating func endValue() {
        state = depth == 0 ? .end : .commaOrEnd
    }

    /// A comma was read.
    private mutating func next() {
        if isInObject {
            state = .name
        } else {
            place = places[depth - 1]
            state = .value
        }
    }

    private mutating func endNumber() {
        guard let value = number.value else { return fail() }
        if place.count != nil { document.counts[place] = value.isNegative ? nil : value.count }
        endValue()
    }

    // MARK: Strings

    private mutating func beginName(_ byte: UInt8) {
        guard byte == UInt8(ascii: "\"") else { return fail() }
        string = StringPart(isName: true)
        name.removeAll()
        state = .string
    }

    /// Takes characters up to the end of the string, of the piece, or an escape.
    private mutating func readString(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            index += 1
        }
        add(bytes.extracting(start..<index))
        guard index < bytes.count else { return index }
        switch bytes[index] {
        case UInt8(ascii: "\""): endString()
        case UInt8(ascii: "\\"): state = .escape
        default: fail()
        }
        return index + 1
    }

    private mutating func add(_ bytes: Span<UInt8>) {
        if string.isName || place == .kind {
            name.append(bytes)
        } else if place == .model {
            model.append(bytes)
        } else if place == .text {
            document.textBytes &+= UInt64(bytes.count)
        }
    }

    private mutating func escape(_ letter: UInt8) {
        guard letter != UInt8(ascii: "u") else {
            string.digits = 0
            string.unit = 0
            state = .hex
            return
        }
        guard let character = StringPart.character(of: letter) else { return fail() }
        add(character)
    }

    private mutating func hex(_ byte: UInt8) {
        guard let digit = Text.hexDigit(byte) else { return fail() }
        string.unit = string.unit << 4 | UInt32(digit)
        string.digits += 1
        guard string.digits == 4 else { return }
        // No name or model that matters is written with other escapes than these.
        add(string.unit < 0x80 ? UInt8(truncatingIfNeeded: string.unit) : 0xFF)
    }

    private mutating func add(_ character: UInt8) {
        let one = [1 of UInt8](repeating: character)
        add(one.span)
        state = .string
    }

    private mutating func endString() {
        if string.isName {
            place = places[depth - 1].child(name.bytes)
            state = .colon
            return
        }
        if place == .kind { document.isStart = Text.equal(name.bytes, "message_start") }
        endValue()
    }

    // MARK: Documents

    /// The answer, or an event of it, is complete: what it tells counts.
    ///
    /// A stream has a token in an event as a rule, of a few bytes; some collect several. So a text of
    /// up to 16 bytes is taken for one token, and of a longer one each four bytes are.
    private mutating func endDocument() {
        documents &+= 1
        if document.isStart {
            firstOutput = document.counts[.output] ?? 0
            document.counts[.output] = nil
        }
        counts.merge(document.counts)
        let bytes = document.textBytes
        if bytes > 0 { estimatedOutput &+= bytes <= 16 ? 1 : (bytes &+ 3) / 4 }
    }
}
