import Foundation

/// Reads a table of cases: a line each, columns between bars, `#` before comments.
enum CaseFile {
    static func rows(_ name: String, columns: Int, file: String = #filePath) throws -> [[String]] {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
        let text = try String(
            contentsOf: folder.appending(path: "Cases/\(name)"),
            encoding: .utf8
        )
        var rows: [[String]] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let row = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard row.count == columns else { throw BadRow(line: String(line)) }
            rows.append(row)
        }
        return rows
    }

    struct BadRow: Error {
        let line: String
    }
}
