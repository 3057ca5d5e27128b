/// What a content rule's pattern says: a regular expression without anything that needs backtracking.
///
/// Literals, `.`, classes, `\d \w \s` and their opposites, `* + ? {n} {n,} {n,m}`, `|`, groups, and
/// `^` and `$` for the beginning and the end of a text. ASCII letters match in either case; `.` and
/// classes take a whole character, a line's end too.
indirect enum ContentPattern: Equatable {
    /// One character out of a set.
    case character(CharacterSet)
    /// Where a text begins.
    case textStart
    /// Where a text ends.
    case textEnd
    /// One behind the other; never empty.
    case sequence([ContentPattern])
    /// One of several; never empty.
    case choice([ContentPattern])
    /// The same again and again; nil for any number of times, which is never 0.
    case repetition(ContentPattern, least: Int, most: Int?)
}

/// Why a pattern is refused.
package struct ContentPatternProblem: Error, Equatable, Sendable {
    /// Reads on from the field, and repeats nothing of the pattern: `has a group that is not closed`.
    package let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// A set of characters: Unicode scalars and, beyond them, the place between two texts.
struct CharacterSet: Equatable, Sendable {
    /// Where a text begins or ends, which no character stands for.
    static let edge: UInt32 = 0x11_0000
    /// Every character.
    static let all = CharacterSet([0...0x10_FFFF])
    /// The place between two texts.
    static let edges = CharacterSet([edge...edge])
    /// What `\d` stands for.
    static let digits = CharacterSet(["0"..."9"])
    /// What `\w` stands for.
    static let words = CharacterSet(["0"..."9", "A"..."Z", "_"..."_", "a"..."z"])
    /// What `\s` stands for.
    static let spaces = CharacterSet(["\t"..."\r", " "..." "])

    /// In order, and none touches another.
    private(set) var ranges: [ClosedRange<UInt32>]

    init(_ ranges: [ClosedRange<UInt32>] = []) {
        self.ranges = ranges
        normalize()
    }

    private init(_ ranges: [ClosedRange<Unicode.Scalar>]) {
        self.init(ranges.map { $0.lowerBound.value...$0.upperBound.value })
    }

    func contains(_ scalar: UInt32) -> Bool {
        ranges.contains { $0.contains(scalar) }
    }

    /// All other characters.
    var inverted: CharacterSet {
        var others: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges where range.lowerBound < CharacterSet.edge {
            if range.lowerBound > next { others.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next < CharacterSet.edge { others.append(next...CharacterSet.edge - 1) }
        return CharacterSet(others)
    }

    /// The same with every ASCII letter in both cases.
    var inAnyCase: CharacterSet {
        var all = ranges
        for range in ranges {
            let upper = range.clamped(to: 0x41...0x5A)
            if range.overlaps(0x41...0x5A) {
                all.append(upper.lowerBound + 0x20...upper.upperBound + 0x20)
            }
            let lower = range.clamped(to: 0x61...0x7A)
            if range.overlaps(0x61...0x7A) {
                all.append(lower.lowerBound - 0x20...lower.upperBound - 0x20)
            }
        }
        return CharacterSet(all)
    }

    mutating func formUnion(_ other: CharacterSet) {
        ranges += other.ranges
        normalize()
    }

    private mutating func normalize() {
        var joined: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            // The edge stays alone: it is no character.
            if let last = joined.last, range.lowerBound <= last.upperBound + 1,
                range.lowerBound < CharacterSet.edge
            {
                let end = max(last.upperBound, range.upperBound)
                joined[joined.count - 1] = last.lowerBound...end
            } else {
                joined.append(range)
            }
        }
        ranges = joined
    }
}
