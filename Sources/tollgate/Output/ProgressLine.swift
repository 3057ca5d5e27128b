internal import Foundation
internal import Glibc

/// How far something has come, as one line on standard error that is written over and over; nothing
/// where nobody looks.
struct ProgressLine {
    private static let barWidth = 30

    private let what: String
    private let isShown: Bool
    private var shown = ""
    private var lastAt = ContinuousClock.now - .seconds(1)

    /// Something that begins.
    ///
    /// - Parameters:
    ///   - what: what is done, as people say it.
    ///   - isShown: whether somebody looks.
    init(_ what: String, isShown: Bool = isatty(STDERR_FILENO) == 1) {
        self.what = what
        self.isShown = isShown
    }

    /// So many of so many are done.
    mutating func show(_ done: Int, of total: Int) {
        show(ProgressLine.line(what, done, of: total))
    }

    /// So many bytes are done; nobody knows of how many.
    mutating func show(bytes: Int) {
        show("\(what) \(ByteCount.text(bytes))")
    }

    private mutating func show(_ line: String) {
        guard isShown, ContinuousClock.now - lastAt > .milliseconds(100) else { return }
        lastAt = .now
        write("\r\u{1B}[K" + line)
        shown = line
    }

    /// Makes room for what is printed next.
    mutating func finish() {
        guard isShown, !shown.isEmpty else { return }
        write("\r\u{1B}[K")
        shown = ""
    }

    private func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// The line: a bar, a share and the numbers.
    static func line(_ what: String, _ done: Int, of total: Int) -> String {
        let share = total > 0 ? min(1, Double(max(0, done)) / Double(total)) : 1
        let filled = Int(share * Double(barWidth))
        let bar =
            String(repeating: "#", count: filled)
            + String(repeating: ".", count: barWidth - filled)
        return "\(what) [\(bar)] \(Int(share * 100)) % (\(done) of \(total))"
    }
}

/// Bytes as people count them.
enum ByteCount {
    private static let units = ["B", "kB", "MB", "GB", "TB"]

    /// The count in the largest unit of which there is one, with a decimal.
    static func text(_ count: Int) -> String {
        var value = Double(count)
        var unit = 0
        while value >= 1000, unit + 1 < units.count {
            value /= 1000
            unit += 1
        }
        if unit == 0 { return "\(count) B" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(units[unit])"
    }
}
