internal import Testing
internal import TollgateTesting

@testable import TollgateCore

@Suite("Content rules")
struct ContentRulesTests {
    private static let table = "Content/patterns.txt"

    @Test("find and refuse what the table says", arguments: 0..<3)
    func table(part: Int) throws {
        let kinds = ["found", "missed", "refused"]
        var count = 0
        for (number, line) in try CaseFiles.lines(ContentRulesTests.table).enumerated() {
            guard !line.isEmpty, !line.hasPrefix("#") else { continue }
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(
                String.init
            )
            try #require(words.count == 3, "line \(number + 1)")
            try #require(kinds.contains(words[0]), "line \(number + 1)")
            guard words[0] == kinds[part] else { continue }
            count += 1
            let text = words[2].replacing("␤", with: "\n")
            if words[0] == "refused" {
                let problem = refusal(of: words[1])
                #expect(problem?.contains(text) == true, "line \(number + 1): \(problem ?? "none")")
            } else {
                let found = try find(words[1], in: [text])
                #expect(found == (words[0] == "found"), "line \(number + 1)")
            }
        }
        #expect(count > 20)
    }

    @Test("agree with a naive matcher on random patterns and texts")
    func agreesWithNaiveMatcher() throws {
        var random = SeededGenerator(seed: 11)
        var (found, missed, refused) = (0, 0, 0)
        for _ in 0..<6000 {
            let pattern = randomPattern(&random, depth: 3)
            let text = random.text(random.number(in: 0...12), of: "abcABé-")
            guard let isFound = try? find(pattern, in: [text]) else {
                refused += 1
                continue
            }
            let tree = try ContentPatternParser.pattern(pattern)
            let expected = naivelyFound(tree, in: Array(text.unicodeScalars).map(\.value))
            #expect(isFound == expected, "\(pattern) in \(text)")
            if isFound { found += 1 } else { missed += 1 }
        }
        #expect(found > 800 && missed > 800 && refused > 100)
    }

    @Test("are found each for itself, all in one pass")
    func several() throws {
        let patterns = ["b+c", "^a", "zz", "(x|bb)c$", "[^a-c]"]
        let rules = try ContentRules(
            patterns.map { KeyNotices.ContentRule(name: "", pattern: $0, isBlocking: $0 == "zz") }
        )
        var scan = ContentScan(by: rules)
        for text in ["abbc", "c"] {
            scan.beginText()
            scan.read(Array(text.utf8).span)
        }
        scan.endTexts()
        #expect(scan.found == 0b01011)
        #expect(rules.blocking == 0b00100)
        #expect(rules.names(of: scan.found) == ["number 1", "number 2", "number 4"])
    }

    @Test("are not found across two texts, nor at an end that was cut off")
    func edges() throws {
        #expect(try !find("ab", in: ["a", "b"]))
        #expect(try !find("a.b", in: ["a", "b"]))
        #expect(try !find("a[^x]?b", in: ["xa", "bx"]))
        #expect(try find("^b$", in: ["a", "b", "c"]))
        #expect(try !find("a$", in: ["a"], isCut: true))
        #expect(try find("^a", in: ["a"], isCut: true))
    }

    @Test("stay bounded on the worst input: no step is made twice for a character")
    func worstCase() throws {
        let text = [String(repeating: "a", count: 100_000)]
        #expect(try !find("(a+a+)+b", in: text))
        #expect(try !find("(a|a?){0,30}b", in: text))
        #expect(try find("(a|aa)+$", in: text))
    }

    @Test("together have bounds")
    func bounds() throws {
        func rule(_ pattern: String) -> KeyNotices.ContentRule {
            KeyNotices.ContentRule(name: "", pattern: pattern, isBlocking: true)
        }
        let large = [rule(String(repeating: "a", count: 600)), rule("b{424}")]
        #expect(try ContentRules(large).wordCount == 16)
        #expect(throws: ContentRuleProblem.self) { _ = try ContentRules(large + [rule("c")]) }
        let branching = (0..<64).map { rule("x(a\($0)|b\($0)|c+|d+|e+)+y") }
        #expect(throws: ContentRuleProblem.self) { _ = try ContentRules(branching) }
        do {
            _ = try ContentRules([rule("a"), rule("b"), rule("(")])
            Issue.record("a group that is not closed")
        } catch {
            #expect(error.index == 2)
        }
    }

    @Test(
        "are called by their names when those are plain, and else by their numbers",
        arguments: [
            ("cards", "cards"), ("credit cards (16 digits)", "credit cards (16 digits)"),
            ("", "number 1"), ("a\"b", "number 1"), ("a\\b", "number 1"), ("é", "number 1"),
            ("a\nb", "number 1"), (String(repeating: "n", count: 65), "number 1"),
        ]
    )
    func names(_ name: String, _ told: String) throws {
        let rules = try ContentRules([
            KeyNotices.ContentRule(name: name, pattern: "x", isBlocking: true)
        ])
        #expect(String(decoding: rules.name(ofBlocking: 1), as: UTF8.self) == told)
    }

    @Test("read bytes that are no UTF-8 as U+FFFD")
    func damaged() throws {
        let rules = try ContentRules([
            KeyNotices.ContentRule(name: "", pattern: "a\u{FFFD}{2}b", isBlocking: true)
        ])
        var scan = ContentScan(by: rules)
        scan.beginText()
        let bytes: [UInt8] = [0x61, 0xFF, 0xC3, 0x62]
        scan.read(bytes.span)
        #expect(scan.found == 1)
    }

    // MARK: Help

    private func refusal(of pattern: String) -> String? {
        do {
            let rule = KeyNotices.ContentRule(name: "", pattern: pattern, isBlocking: true)
            _ = try ContentRules([rule])
            return nil
        } catch {
            return error.problem.message
        }
    }

    private func find(
        _ pattern: String,
        in texts: [String],
        isCut: Bool = false
    ) throws -> Bool {
        let rule = KeyNotices.ContentRule(name: "", pattern: pattern, isBlocking: true)
        var scan = ContentScan(by: try ContentRules([rule]))
        for text in texts {
            scan.beginText()
            scan.read(Array(text.utf8).span)
        }
        if !isCut { scan.endTexts() }
        return scan.found != 0
    }

    private func randomPattern(_ random: inout SeededGenerator, depth: Int) -> String {
        let atoms = ["a", "b", "C", "é", ".", "[ab]", "[^a]", "\\w", "\\W", "-"]
        let kind = depth == 0 ? 0 : random.number(in: 0...9)
        switch kind {
        case 0...2: return atoms[random.number(in: 0...atoms.count - 1)]
        case 3...5:
            return (0..<random.number(in: 1...3)).map { _ in
                randomPattern(&random, depth: depth - 1)
            }.joined()
        case 6:
            let (left, right) = (
                randomPattern(&random, depth: depth - 1), randomPattern(&random, depth: depth - 1)
            )
            return "(\(left)|\(right))"
        case 7: return random.number(in: 0...1) == 0 ? "^a" : "b$"
        default:
            let marks = ["*", "+", "?", "{2}", "{1,}", "{0,2}", "{1,3}"]
            let part = randomPattern(&random, depth: depth - 1)
            return "(?:\(part))" + marks[random.number(in: 0...marks.count - 1)]
        }
    }

    private func naivelyFound(_ pattern: ContentPattern, in text: [UInt32]) -> Bool {
        (0...text.count).contains { !ends(of: pattern, in: text, from: $0).isEmpty }
    }

    /// Where matches from a place on can end.
    private func ends(of pattern: ContentPattern, in text: [UInt32], from start: Int) -> Set<Int> {
        switch pattern {
        case .character(let set):
            return start < text.count && set.contains(text[start]) ? [start + 1] : []
        case .textStart: return start == 0 ? [start] : []
        case .textEnd: return start == text.count ? [start] : []
        case .sequence(let parts):
            return parts.reduce([start]) { places, part in
                Set(places.flatMap { ends(of: part, in: text, from: $0) })
            }
        case .choice(let choices):
            return Set(choices.flatMap { ends(of: $0, in: text, from: start) })
        case .repetition(let part, let least, let most):
            var found: Set<Int> = least == 0 ? [start] : []
            var places: Set<Int> = [start]
            for number in 1...max(most ?? text.count + least + 1, 1) {
                places = Set(places.flatMap { ends(of: part, in: text, from: $0) })
                if number >= least { found.formUnion(places) }
            }
            return found
        }
    }
}
