extension JSONValue {
    /// The value as JSON text.
    ///
    /// - Parameter isIndented: over several lines for people; otherwise without any white space.
    /// - Returns: the text, without a line break at its end.
    package func text(isIndented: Bool = false) -> String {
        var bytes: [UInt8] = []
        append(to: &bytes, isIndented: isIndented)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The value as JSON text on one line, in UTF-8.
    package var utf8: [UInt8] {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return bytes
    }

    /// Appends the value as JSON text, in UTF-8.
    ///
    /// - Parameters:
    ///   - bytes: where it goes; nothing is copied in between.
    ///   - isIndented: over several lines for people; otherwise without any white space.
    package func append(to bytes: inout [UInt8], isIndented: Bool = false) {
        var writer = JSONWriter(bytes: bytes, isIndented: isIndented)
        // Whose bytes they are now: two owners would make the first change a copy of all.
        bytes = []
        writer.write(self)
        bytes = writer.bytes
    }
}

/// Writes values as RFC 8259 says.
private struct JSONWriter {
    private(set) var bytes: [UInt8]
    private let isIndented: Bool
    private var depth = 0

    init(bytes: [UInt8], isIndented: Bool) {
        self.bytes = bytes
        self.isIndented = isIndented
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: bytes += "null".utf8
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .integer(let number): bytes += "\(number)".utf8
        case .number(let text): bytes += text.utf8
        case .string(let text): write(text)
        case .array(let elements):
            writeList("[", "]", elements) { writer, element in writer.write(element) }
        case .object(let members):
            writeList("{", "}", members) { writer, member in
                writer.write(member.name)
                writer.bytes.append(UInt8(ascii: ":"))
                if writer.isIndented { writer.bytes.append(UInt8(ascii: " ")) }
                writer.write(member.value)
            }
        }
    }

    private mutating func writeList<Element>(
        _ start: Unicode.Scalar,
        _ end: Unicode.Scalar,
        _ elements: [Element],
        _ writeElement: (inout JSONWriter, Element) -> Void
    ) {
        bytes.append(UInt8(ascii: start))
        depth += 1
        var isFirst = true
        for element in elements {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            breakLine()
            writeElement(&self, element)
        }
        depth -= 1
        if !elements.isEmpty { breakLine() }
        bytes.append(UInt8(ascii: end))
    }

    private mutating func breakLine() {
        guard isIndented else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes += repeatElement(UInt8(ascii: " "), count: 2 * depth)
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        // Nearly every text is as it will be read: copied as a whole, not byte by byte.
        if JSONWriter.isPlain(text.utf8.span) {
            bytes += text.utf8
        } else {
            for byte in text.utf8 { write(byte) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices where isEscaped(bytes[index]) { return false }
        return true
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func write(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes += "\\\"".utf8
        case UInt8(ascii: "\\"): bytes += "\\\\".utf8
        case 0x0A: bytes += "\\n".utf8
        case 0x0D: bytes += "\\r".utf8
        case 0x09: bytes += "\\t".utf8
        case _ where JSONWriter.isEscaped(byte):
            let digits = String(byte, radix: 16)
            bytes += "\\u00\(digits.count == 1 ? "0" : "")\(digits)".utf8
        default: bytes.append(byte)
        }
    }
}
