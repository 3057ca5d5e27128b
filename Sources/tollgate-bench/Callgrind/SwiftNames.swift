internal import Foundation

/// Makes the names of Swift's functions readable.
enum SwiftNames {
    /// The longest name that is shown.
    private static let limit = 100

    /// The names as a person would write them, cut to a line; as they are when that cannot be done.
    static func readable(_ names: [String], in directory: URL) -> [String] {
        if names.isEmpty { return [] }
        let command = ["swift", "demangle", "--compact", "--simplified"] + names
        let output = (try? ChildProcess.run("demangle", command, in: directory)) ?? []
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n")
        let results = lines.count == names.count ? lines.map(String.init) : names
        return results.map { $0.count > limit ? $0.prefix(limit) + "..." : $0 }
    }
}
