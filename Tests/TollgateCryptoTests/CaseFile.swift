internal import Foundation

/// A file of `Cases`: one case for each line, fields apart by a space, `#` before comments.
enum CaseFile {
    static func lines(_ name: String) throws -> [[String]] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let text = try String(contentsOf: folder.appending(path: "Cases/\(name)"), encoding: .utf8)
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: " ").map(String.init) }
    }

    /// The bytes that hexadecimal digits spell; `-` spells none.
    static func bytes(_ text: String) -> [UInt8] {
        var digits = text == "-" ? "" : text[...]
        var bytes: [UInt8] = []
        while let byte = UInt8(digits.prefix(2), radix: 16) {
            bytes.append(byte)
            digits = digits.dropFirst(2)
        }
        return bytes
    }
}
