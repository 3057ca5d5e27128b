/// The content rules of a key, made ready to be looked for all at once, in time that grows with the
/// text and with nothing else.
///
/// Never changed once it is made, so any number of loops may look by it at the same time: what
/// changes while a text is read is in `ContentScan`.
package final class ContentRules: Sendable {
    /// The most characters of all patterns together, once repetitions are written out.
    package static let positionLimit = 1024
    /// The most steps other than to the next position that are made for one character of a text: the
    /// bound of the time that it takes.
    static let jumpLimit = 256
    /// The most stretches that patterns divide the characters beyond ASCII into.
    static let stretchLimit = 512
    /// The longest name of a rule that is told, in bytes.
    private static let nameLimit = 64
    /// The column of the place between two texts, behind those of ASCII.
    static let edgeColumn = 128

    /// Steps from some positions to others that are not next to them.
    struct Jump: Sendable {
        let sourceWord: Int
        let sources: UInt64
        let targetWord: Int
        let targets: UInt64
    }

    /// The rules that block, a bit for each.
    package let blocking: UInt64
    /// All rules.
    let all: UInt64
    /// What callers are told of each.
    private let names: [[UInt8]]

    // The automaton: a bit for each position, in words of 64.
    let wordCount: Int
    /// Words one behind the other, so many of each.
    ///
    /// Where a match may begin, where one may end, the positions whose next one may follow them; then
    /// for each column which positions take its characters. The column of an ASCII character is its
    /// number.
    let table: [UInt64]
    let jumps: [Jump]
    /// The rule of each position.
    let rules: [UInt8]
    /// Where the stretches begin that the characters beyond ASCII are divided into.
    private let stretches: [UInt32]
    /// Whether a match may begin with a character whose first byte this is.
    let begins: [Bool]

    /// Makes rules ready.
    ///
    /// - Parameter list: the rules, at most 64, and at least one.
    /// - Throws: the first of them that cannot be looked for, by its place.
    package init(_ list: [KeyNotices.ContentRule]) throws(ContentRuleProblem) {
        var automaton = PositionAutomaton()
        var rules: [UInt8] = []
        var blocking: UInt64 = 0
        for (index, rule) in list.prefix(KeyNotices.entryLimit).enumerated() {
            do {
                let pattern = try ContentPatternParser.pattern(rule.pattern)
                let positions = try automaton.add(pattern)
                rules += positions.map { _ in UInt8(truncatingIfNeeded: index) }
            } catch {
                throw ContentRuleProblem(index: index, problem: error)
            }
            if rule.isBlocking { blocking |= 1 << UInt64(index) }
        }
        let final = max(0, list.count - 1)
        let wordCount = max(1, (rules.count + 63) / 64)
        do {
            jumps = try ContentRules.jumps(of: automaton)
            stretches = try ContentRules.stretches(of: automaton)
        } catch {
            throw ContentRuleProblem(index: final, problem: error)
        }
        self.blocking = blocking
        all = list.count >= 64 ? .max : (1 << UInt64(list.count)) - 1
        names = list.enumerated().map { ContentRules.name(of: $1, at: $0) }
        self.wordCount = wordCount
        self.rules = rules
        let first = automaton.first.words.prefix(wordCount)
        let reach = ContentRules.reach(of: automaton, stretches, wordCount)
        table =
            first + automaton.last.words.prefix(wordCount)
            + automaton.linked.words.prefix(wordCount) + reach
        begins = ContentRules.begins(Array(first), reach)
    }

    /// The name of the first blocking rule of some, or its number when it has no name of plain
    /// characters: nothing that JSON or a header would have to escape.
    package func name(ofBlocking found: UInt64) -> [UInt8] {
        let place = (found & blocking).trailingZeroBitCount
        return place < names.count ? names[place] : []
    }

    /// The names of some rules.
    package func names(of found: UInt64) -> [String] {
        names.indices.filter { found >> UInt64($0) & 1 == 1 }
            .map { String(decoding: names[$0], as: UTF8.self) }
    }

    private static func name(of rule: KeyNotices.ContentRule, at index: Int) -> [UInt8] {
        let isPlain = rule.name.utf8.allSatisfy { byte in
            byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        }
        let isTold = isPlain && (1...nameLimit).contains(rule.name.utf8.count)
        return Array((isTold ? rule.name : "number \(index + 1)").utf8)
    }

    /// The column of a character beyond ASCII.
    func column(of scalar: UInt32) -> Int {
        var (low, high) = (0, stretches.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if stretches[middle] <= scalar { low = middle } else { high = middle }
        }
        return ContentRules.edgeColumn + 1 + low
    }
}

/// Which content rule cannot be, and why.
package struct ContentRuleProblem: Error, Equatable, Sendable {
    package let index: Int
    package let problem: ContentPatternProblem
}

// How the automaton becomes tables.
extension ContentRules {
    /// The steps that do not go to the next position, those with the same targets together.
    private static func jumps(
        of automaton: PositionAutomaton
    ) throws(ContentPatternProblem) -> [Jump] {
        var sources: [PositionSet: PositionSet] = [:]
        for position in automaton.follow.indices {
            var targets = automaton.follow[position]
            if position + 1 < automaton.follow.count { targets.remove(position + 1) }
            guard !targets.isEmpty else { continue }
            sources[targets, default: PositionSet()].insert(position)
        }
        var jumps: [Jump] = []
        for (targets, sources) in sources {
            for source in sources.words.indices where sources.words[source] != 0 {
                for target in targets.words.indices where targets.words[target] != 0 {
                    jumps.append(
                        Jump(
                            sourceWord: source,
                            sources: sources.words[source],
                            targetWord: target,
                            targets: targets.words[target]
                        )
                    )
                }
            }
        }
        guard jumps.count <= jumpLimit else {
            throw ContentPatternProblem(
                "makes, with the others, too much work for each character: use fewer of * + ? | and"
                    + " {n,m}"
            )
        }
        return jumps
    }

    /// Where the characters beyond ASCII are told apart.
    private static func stretches(
        of automaton: PositionAutomaton
    ) throws(ContentPatternProblem) -> [UInt32] {
        var starts: Set<UInt32> = [0x80]
        for set in automaton.characters where set != .edges {
            for range in set.ranges {
                if range.lowerBound > 0x80 { starts.insert(range.lowerBound) }
                if range.upperBound >= 0x80 { starts.insert(range.upperBound + 1) }
            }
            guard starts.count <= stretchLimit else {
                throw ContentPatternProblem(
                    "names, with the others, too many different characters beyond ASCII"
                )
            }
        }
        return starts.sorted()
    }

    private static func reach(
        of automaton: PositionAutomaton,
        _ stretches: [UInt32],
        _ wordCount: Int
    ) -> [UInt64] {
        // One character of each column stands for all of it.
        let columns = Array(0..<UInt32(edgeColumn)) + [CharacterSet.edge] + stretches
        var reach = [UInt64](repeating: 0, count: columns.count * wordCount)
        for (column, scalar) in columns.enumerated() {
            for (position, set) in automaton.characters.enumerated() {
                // The stretch behind the last character has none.
                let isEdge = scalar == CharacterSet.edge
                guard set.contains(scalar), isEdge == (column == edgeColumn) else { continue }
                reach[column * wordCount + position / 64] |= 1 << UInt64(position % 64)
            }
        }
        return reach
    }

    private static func begins(_ first: [UInt64], _ reach: [UInt64]) -> [Bool] {
        let count = first.count
        func takes(_ column: Int) -> Bool {
            (0..<count).contains { first[$0] & reach[column * count + $0] != 0 }
        }
        let beyond = (edgeColumn + 1..<reach.count / count).contains(where: takes)
        return (0..<256).map { $0 < edgeColumn ? takes($0) : beyond }
    }
}

extension PositionAutomaton {
    /// The positions whose next one may follow them.
    fileprivate var linked: PositionSet {
        var linked = PositionSet()
        for position in follow.indices.dropLast() where follow[position].contains(position + 1) {
            linked.insert(position)
        }
        return linked
    }
}
