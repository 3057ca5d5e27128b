internal import Foundation

/// Reads the tables under `Cases`.
enum CaseFile {
    /// The lines of a table, each as its columns; empty lines and those with `#` are left out.
    static func rows(_ name: String, file: String = #filePath) throws -> [[String]] {
        let url = URL(filePath: file).deletingLastPathComponent().appending(path: "Cases/\(name)")
        return try String(contentsOf: url, encoding: .utf8)
            .split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { line in
                line.split(separator: " | ", omittingEmptySubsequences: false)
                    .map { $0.trimmingCharacters(in: .whitespaces) }
            }
    }
}
