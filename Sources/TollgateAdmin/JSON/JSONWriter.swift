extension JSONValue {
    /// The value as JSON text.
    ///
    /// - Parameter isIndented: over several lines for people; otherwise without any white space.
    /// - Returns: the text, without a line break at its end.
    package func text(isIndented: Bool = false) -> String {
        var writer = JSONWriter(isIndented: isIndented)
        writer.write(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The value as JSON text on one line, in UTF-8.
    package var utf8: [UInt8] {
        var writer = JSONWriter(isIndented: false)
        writer.write(self)
        return writer.bytes
    }
}

/// Writes values as RFC 8259 says.
private struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private let isIndented: Bool
    private var depth = 0

    init(isIndented: Bool) {
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
            writeList("[", "]", count: elements.count) { writer, index in
                writer.write(elements[index])
            }
        case .object(let members):
            writeList("{", "}", count: members.count) { writer, index in
                writer.write(members[index].name)
                writer.bytes += (writer.isIndented ? ": " : ":").utf8
                writer.write(members[index].value)
            }
        }
    }

    private mutating func writeList(
        _ start: String,
        _ end: String,
        count: Int,
        _ writeElement: (inout JSONWriter, Int) -> Void
    ) {
        bytes += start.utf8
        depth += 1
        for index in 0..<count {
            if index > 0 { bytes += ",".utf8 }
            breakLine()
            writeElement(&self, index)
        }
        depth -= 1
        if count > 0 { breakLine() }
        bytes += end.utf8
    }

    private mutating func breakLine() {
        guard isIndented else { return }
        bytes.append(UInt8(ascii: "\n"))
        bytes += repeatElement(UInt8(ascii: " "), count: 2 * depth)
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "\\\"".utf8
            case UInt8(ascii: "\\"): bytes += "\\\\".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0x09: bytes += "\\t".utf8
            case 0..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                bytes += "\\u00\(digits.count == 1 ? "0" : "")\(digits)".utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
