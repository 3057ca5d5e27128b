/// A piece of Swift, as far as rules about source need to tell pieces apart.
struct Token: Equatable, Sendable {
    enum Kind: Sendable {
        case word
        case number
        /// A whole string literal, or the part of one between two interpolations.
        case string
        case comment
        case symbol
    }

    let kind: Kind
    let text: String
    /// Counted from 1.
    let line: Int
    /// Whether white space or the start of the file precedes it.
    let isAfterSpace: Bool

    func isWord(_ word: String) -> Bool { kind == .word && text == word }

    func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }
}

/// Splits Swift into tokens: comments and strings are told from code, and the code within string
/// interpolations is code again.
///
/// Symbols are single characters, except `->`, `!=` and `==`, which are whole. Regular expression
/// literals are not known.
struct SwiftLexer {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var tokens: [Token] = []
    private var isAfterSpace = true

    static func tokens(of text: String) -> [Token] {
        var lexer = SwiftLexer(bytes: Array(text.utf8))
        lexer.readCode(isInterpolation: false)
        return lexer.tokens
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Reads to the end, or behind the parenthesis that ends an interpolation.
    private mutating func readCode(isInterpolation: Bool) {
        var depth = 0
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"), UInt8(ascii: " "):
                advance()
                isAfterSpace = true
                continue
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "/"): readLineComment()
            case UInt8(ascii: "/") where peek(1) == UInt8(ascii: "*"): readBlockComment()
            case UInt8(ascii: "\""): readString(hashes: 0)
            case UInt8(ascii: "#") where stringHashes() > 0: readString(hashes: stringHashes())
            case UInt8(ascii: "0")...UInt8(ascii: "9"): read(.number, while: SwiftLexer.isWordPart)
            case _ where SwiftLexer.isWordPart(byte) || byte == UInt8(ascii: "`"):
                read(.word) { SwiftLexer.isWordPart($0) || $0 == UInt8(ascii: "`") }
            default:
                if isInterpolation, byte == UInt8(ascii: ")"), depth == 0 {
                    advance()
                    return
                }
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") { depth -= 1 }
                readSymbol()
            }
            isAfterSpace = false
        }
    }

    private mutating func readSymbol() {
        let pair = [peek(), peek(1)]
        let isPair = ["->", "!=", "=="].contains { pair == Array($0.utf8) }
        let start = index
        index += isPair ? 2 : 1
        add(.symbol, from: start, line: line)
    }

    private mutating func readLineComment() {
        let start = index
        while let byte = peek(), byte != UInt8(ascii: "\n") { index += 1 }
        add(.comment, from: start, line: line)
    }

    private mutating func readBlockComment() {
        let start = index
        let startLine = line
        var depth = 0
        repeat {
            if peek() == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "*") {
                depth += 1
                index += 2
            } else if peek() == UInt8(ascii: "*"), peek(1) == UInt8(ascii: "/") {
                depth -= 1
                index += 2
            } else {
                advance()
            }
        } while depth > 0 && index < bytes.count
        add(.comment, from: start, line: startLine)
    }

    private mutating func readString(hashes: Int) {
        var start = index
        var startLine = line
        index += hashes
        let quotes = (0..<3).allSatisfy { peek($0) == UInt8(ascii: "\"") } ? 3 : 1
        index += quotes
        while let byte = peek() {
            if byte == UInt8(ascii: "\\"), (0..<hashes).allSatisfy({ peek(1 + $0) == hash }) {
                guard peek(1 + hashes) == UInt8(ascii: "(") else {
                    index += 1 + hashes
                    advance()
                    continue
                }
                index += 2 + hashes
                add(.string, from: start, line: startLine)
                isAfterSpace = true
                readCode(isInterpolation: true)
                start = index
                startLine = line
            } else if (0..<quotes).allSatisfy({ peek($0) == UInt8(ascii: "\"") }),
                (0..<hashes).allSatisfy({ peek(quotes + $0) == hash })
            {
                index += quotes + hashes
                break
            } else {
                advance()
            }
        }
        add(.string, from: start, line: startLine)
    }

    private var hash: UInt8 { UInt8(ascii: "#") }

    /// How many `#` stand before a string that begins here; 0 when none begins.
    private func stringHashes() -> Int {
        var count = 0
        while peek(count) == hash { count += 1 }
        return peek(count) == UInt8(ascii: "\"") ? count : 0
    }

    private mutating func read(_ kind: Token.Kind, while isPart: (UInt8) -> Bool) {
        let start = index
        while let byte = peek(), isPart(byte) { index += 1 }
        add(kind, from: start, line: line)
    }

    private mutating func add(_ kind: Token.Kind, from start: Int, line: Int) {
        let text = String(decoding: bytes[start..<min(index, bytes.count)], as: UTF8.self)
        tokens.append(Token(kind: kind, text: text, line: line, isAfterSpace: isAfterSpace))
        isAfterSpace = false
    }

    private func peek(_ offset: Int = 0) -> UInt8? {
        index + offset < bytes.count ? bytes[index + offset] : nil
    }

    private mutating func advance() {
        if peek() == UInt8(ascii: "\n") { line += 1 }
        index += 1
    }

    private static func isWordPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }
}
