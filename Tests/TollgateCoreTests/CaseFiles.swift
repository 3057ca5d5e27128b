internal import Foundation

/// The files under `Cases`.
enum CaseFiles {
    private static let directory = URL(filePath: #filePath)
        .deletingLastPathComponent()
        .appending(path: "Cases")

    /// The lines of a file.
    static func lines(_ path: String) throws -> [Substring] {
        let text = try String(contentsOf: directory.appending(path: path), encoding: .utf8)
        return text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The names of a directory's files that end in `suffix`, sorted.
    static func names(in path: String, suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: directory.appending(path: path).path
        )
        .filter { $0.hasSuffix(suffix) }
        .sorted()
    }
}
