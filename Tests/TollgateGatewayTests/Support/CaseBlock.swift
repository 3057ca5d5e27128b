import Foundation
import Testing

/// A case of a table that is written in blocks.
///
/// A block begins with `== title`; then come lines of a name and a value, and lines that begin with
/// `=>` for what is expected. `#` begins a comment. In values and expectations `<300*a>` stands for
/// 300 times `a`, `\x` and two hex digits for a byte, and `<name>` for what `placeholders` says.
struct CaseBlock: CustomTestStringConvertible, Sendable {
    /// A name and the bytes behind it.
    struct Line: Sendable {
        let name: String
        let value: [UInt8]

        /// The value as a text.
        var text: String { String(decoding: value, as: UTF8.self) }

        /// The two parts of a value that is written `name: value`.
        var pair: (name: String, value: [UInt8]) {
            guard let colon = value.firstIndex(of: UInt8(ascii: ":")) else { return (text, []) }
            return (
                String(decoding: value[..<colon], as: UTF8.self),
                Array(value[(colon + 1)...].drop { $0 == 0x20 })
            )
        }
    }

    let title: String
    private(set) var lines: [Line] = []
    private(set) var expected: [String] = []

    var testDescription: String { title }

    /// The values of all lines with a name.
    func values(_ name: String) -> [Line] {
        lines.filter { $0.name == name }
    }

    /// The value of the last line with a name.
    func value(_ name: String) -> Line? {
        values(name).last
    }

    /// The same with one line more.
    func adding(_ name: String, _ value: String) -> CaseBlock {
        var block = self
        block.lines.append(Line(name: name, value: Array(value.utf8)))
        return block
    }

    /// The blocks of a file in `Cases`.
    static func read(
        _ name: String,
        placeholders: [String: String] = [:]
    ) throws -> [CaseBlock] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Cases/\(name)")
        let text = try String(contentsOf: file, encoding: .utf8)
        var blocks: [CaseBlock] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("== ") {
                blocks.append(CaseBlock(title: String(line.dropFirst(3))))
                continue
            }
            guard let last = blocks.indices.last else { throw BadLine(line: String(line)) }
            let parts = line.split(separator: " ", maxSplits: 1)
            let value = try expand(parts.count > 1 ? String(parts[1]) : "", placeholders)
            if parts[0] == "=>" {
                blocks[last].expected.append(String(decoding: value, as: UTF8.self))
            } else {
                blocks[last].lines.append(Line(name: String(parts[0]), value: value))
            }
        }
        return blocks
    }

    /// Puts in what the notation stands for.
    private static func expand(
        _ text: String,
        _ placeholders: [String: String]
    ) throws -> [UInt8] {
        let notation = /<(\d+)\*([^>]*)>|<([a-z-]+)>|\\x([0-9A-F]{2})/
        var bytes: [UInt8] = []
        var rest = text[...]
        while let match = rest.firstMatch(of: notation) {
            bytes += rest[..<match.range.lowerBound].utf8
            if let count = match.1.flatMap({ Int($0) }), let unit = match.2 {
                bytes += String(repeating: String(unit), count: count).utf8
            } else if let name = match.3 {
                bytes += (placeholders[String(name)] ?? "<\(name)>").utf8
            } else if let digits = match.4, let byte = UInt8(digits, radix: 16) {
                bytes.append(byte)
            }
            rest = rest[match.range.upperBound...]
        }
        return bytes + rest.utf8
    }

    struct BadLine: Error {
        let line: String
    }
}
