/// Why a text is not the JSON that is taken.
package struct JSONProblem: Error, Equatable, Sendable {
    /// One sentence without a full stop, for the person who wrote the text.
    package let message: String
    /// The line and the column in bytes where reading stopped, both counted from 1.
    package let line: Int
    package let column: Int
    /// The member that is there twice; nil for every other problem.
    package let duplicate: FieldPath?
}

/// Reads JSON as RFC 8259 defines it, and nothing else.
///
/// Stricter than the usual readers, because what this reads decides who may do what: a member that
/// is there twice is refused (two readers would each believe another one), so are bad UTF-8, lone
/// surrogates and a depth beyond `depthLimit`.
package struct JSONParser {
    /// How deep arrays and objects may be nested.
    package static let depthLimit = 32

    private let bytes: [UInt8]
    private var index = 0
    private var path = FieldPath()

    /// The value that the text spells.
    package static func value(of bytes: [UInt8]) throws(JSONProblem) -> JSONValue {
        var parser = JSONParser(bytes: bytes)
        let value = try parser.readValue(depth: 0)
        parser.skipSpace()
        guard parser.next == nil else { throw parser.problem("nothing may follow the value") }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            index += 1
        }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let next, next == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private func problem(_ message: String, duplicate: FieldPath? = nil) -> JSONProblem {
        let read = bytes[..<min(index, bytes.count)]
        let start = read.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return JSONProblem(
            message: message,
            line: read.count { $0 == 0x0A } + 1,
            column: read.count - start + 1,
            duplicate: duplicate
        )
    }

    private mutating func readValue(depth: Int) throws(JSONProblem) -> JSONValue {
        guard depth <= JSONParser.depthLimit else {
            throw problem("values are nested deeper than \(JSONParser.depthLimit) levels")
        }
        skipSpace()
        switch next {
        case nil: throw problem("the text ends where a value should be")
        case UInt8(ascii: "{"): return try readObject(depth: depth)
        case UInt8(ascii: "["): return try readArray(depth: depth)
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .bool(true))
        case UInt8(ascii: "f"): return try readWord("false", .bool(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: return try readNumber()
        }
    }

    private mutating func readWord(
        _ word: String,
        _ value: JSONValue
    ) throws(JSONProblem) -> JSONValue {
        guard bytes[index...].starts(with: word.utf8) else { throw problem("not a value") }
        index += word.utf8.count
        return value
    }

    private mutating func readObject(depth: Int) throws(JSONProblem) -> JSONValue {
        index += 1
        var members: [JSONValue.Member] = []
        var names: Set<String> = []
        skipSpace()
        if skip("}") { return .object([]) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw problem("a name in quotes is missing") }
            let start = index
            let name = try readString()
            path.append(name: name)
            guard names.insert(name).inserted else {
                index = start
                throw problem("a field is there twice", duplicate: path)
            }
            skipSpace()
            guard skip(":") else { throw problem("':' is missing") }
            members.append(JSONValue.Member(name, try readValue(depth: depth + 1)))
            path.removeLast()
            skipSpace()
        } while skip(",")
        guard skip("}") else { throw problem("',' or '}' is missing") }
        return .object(members)
    }

    private mutating func readArray(depth: Int) throws(JSONProblem) -> JSONValue {
        index += 1
        var elements: [JSONValue] = []
        skipSpace()
        if skip("]") { return .array([]) }
        repeat {
            path.append(index: elements.count)
            elements.append(try readValue(depth: depth + 1))
            path.removeLast()
            skipSpace()
        } while skip(",")
        guard skip("]") else { throw problem("',' or ']' is missing") }
        return .array(elements)
    }

    private mutating func readNumber() throws(JSONProblem) -> JSONValue {
        let start = index
        _ = skip("-")
        if !skip("0") { try readDigits() }
        var isWhole = true
        if skip(".") {
            isWhole = false
            try readDigits()
        }
        if skip("e") || skip("E") {
            isWhole = false
            if !skip("+") { _ = skip("-") }
            try readDigits()
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isWhole, let number = Int64(text) { return .integer(number) }
        return .number(text)
    }

    private mutating func readDigits() throws(JSONProblem) {
        let start = index
        while let next, next >= 0x30, next <= 0x39 { index += 1 }
        guard index > start else { throw problem("not a value") }
    }

    private mutating func readString() throws(JSONProblem) -> String {
        let start = index
        index += 1
        var text: [UInt8] = []
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else {
                    index = start
                    throw problem("a string is not UTF-8")
                }
                index += 1
                return string
            case UInt8(ascii: "\\"):
                index += 1
                text += String(try readEscape()).utf8
            case 0..<0x20: throw problem("a control character in a string must be escaped")
            default:
                text.append(byte)
                index += 1
            }
        }
        throw problem("a string does not end")
    }

    private mutating func readEscape() throws(JSONProblem) -> Unicode.Scalar {
        guard let character = next else { throw problem("a string does not end") }
        index += 1
        switch character {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(character)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try readUnicode()
        default:
            index -= 1
            throw problem("no such escape")
        }
    }

    /// The character of one `\u` escape, or of two that are a surrogate pair.
    private mutating func readUnicode() throws(JSONProblem) -> Unicode.Scalar {
        let unit = try readHexadecimal()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard unit < 0xDC00, skip("\\"), skip("u") else { throw problem("a lone surrogate") }
        let second = try readHexadecimal()
        guard
            (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (second - 0xDC00))
        else { throw problem("a lone surrogate") }
        return scalar
    }

    private mutating func readHexadecimal() throws(JSONProblem) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw problem("four hexadecimal digits are missing")
            }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}
