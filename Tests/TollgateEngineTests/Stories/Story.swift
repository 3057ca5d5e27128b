internal import Foundation
internal import TollgateCore

/// What happens to one key, line by line; `Cases/README.md` says how it is written.
struct Story: Sendable, CustomStringConvertible {
    struct Line: Sendable {
        /// File and line, for whoever has to find it.
        let place: String
        let words: [String]
        /// What must come of it; nil when nothing does.
        let expected: String?
    }

    /// A line that is not written as it should be.
    struct Problem: Error {
        let place: String
        let what: String
    }

    let title: String
    var settings: [Line] = []
    var lines: [Line] = []

    var description: String { "\(lines.first?.place ?? "nowhere"), \(title)" }

    /// All stories of all files.
    static func all() throws -> [Story] {
        let directory = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../Cases/Stories")
        return try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasSuffix(".txt") }
            .sorted()
            .flatMap { name in
                let text = try String(contentsOf: directory.appending(path: name), encoding: .utf8)
                return try stories(named: name, text)
            }
    }

    static func stories(named name: String, _ text: String) throws -> [Story] {
        var stories: [Story] = []
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let place = "\(name):\(index + 1)"
            let parts = raw.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            let text = String(parts[0]).trimmingCharacters(in: .whitespaces)
            if text.isEmpty { continue }
            if text.hasPrefix("["), text.hasSuffix("]") {
                stories.append(Story(title: String(text.dropFirst().dropLast())))
                continue
            }
            guard !stories.isEmpty else { throw Problem(place: place, what: "before any story") }
            let halves = text.components(separatedBy: "=>")
            guard halves.count <= 2 else { throw Problem(place: place, what: "two outcomes") }
            let line = Line(
                place: place,
                words: halves[0].split(separator: " ").map(String.init),
                expected: halves.count == 2
                    ? halves[1].trimmingCharacters(in: .whitespaces) : nil
            )
            if raw.hasPrefix(" ") {
                stories[stories.count - 1].lines.append(line)
            } else {
                stories[stories.count - 1].settings.append(line)
            }
        }
        return stories
    }
}

extension Story.Line {
    func problem(_ what: String) -> Story.Problem { Story.Problem(place: place, what: what) }

    /// The value of `name=value`; nil when there is none.
    func value(_ name: String) -> String? {
        words.last { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }

    func number(_ name: String) throws -> UInt64 {
        guard let value = value(name) else { return 0 }
        guard let number = UInt64(value) else { throw problem("no number '\(value)'") }
        return number
    }

    /// A time as RFC 3339 writes it, in milliseconds.
    func time(_ text: String) throws -> Int64 {
        guard let date = try? Date(text, strategy: .iso8601) else {
            throw problem("no time '\(text)'")
        }
        return Int64(date.timeIntervalSince1970) * 1000
    }

    /// A span such as `90s`, `15m`, `2h`, `1d` or `20ms`, in milliseconds.
    func span(_ text: String) throws -> Int64 {
        let units = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        let unit = text.drop { $0.isNumber || $0 == "-" }
        guard let scale = units[String(unit)], let number = Int64(text.dropLast(unit.count)) else {
            throw problem("no span '\(text)'")
        }
        return number * Int64(scale)
    }
}
