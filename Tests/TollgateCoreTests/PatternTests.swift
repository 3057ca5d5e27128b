internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("Patterns")
struct PatternTests {
    @Test("agree with a naive matcher on random patterns and names")
    func agreesWithNaiveMatcher() throws {
        var random = SeededGenerator(seed: 7)
        var matched = 0
        for _ in 0..<20_000 {
            let text = random.text(random.number(in: 1...8), of: "aAbB**")
            let name = random.text(random.number(in: 0...10), of: "aAbB*")
            let pattern = try #require(Pattern(text))
            let expected = naive(Array(text.lowercased())[...], Array(name.lowercased())[...])
            let actual = matches(pattern, name)
            #expect(actual == expected, "\(text) on \(name)")
            if actual { matched += 1 }
        }
        #expect((2000...18_000).contains(matched))
    }

    @Test("stay bounded on the worst input")
    func worstCase() throws {
        let pattern = try #require(Pattern(String(repeating: "a*", count: 127) + "b"))
        #expect(!matches(pattern, String(repeating: "a", count: 256)))
        #expect(matches(pattern, String(repeating: "a", count: 255) + "b"))
    }

    @Test(
        "treat only ASCII letters alike",
        arguments: [
            ("gpt-4O", "GPT-4o", true), ("é", "É", false), ("é", "e\u{301}", false),
            ("[", "{", false), ("@", "`", false), ("k", "\u{212A}", false), ("Z", "z", true),
        ]
    )
    func letters(_ text: String, _ name: String, _ isMatch: Bool) throws {
        let pattern = try #require(Pattern(text))
        #expect(matches(pattern, name) == isMatch)
    }

    @Test("take 1 to 256 bytes of text")
    func limits() {
        #expect(Pattern("") == nil)
        #expect(Pattern(String(repeating: "a", count: 256)) != nil)
        #expect(Pattern(String(repeating: "a", count: 257)) == nil)
        #expect(Pattern(String(repeating: "é", count: 129)) == nil)
        #expect(Pattern("a\0b") == nil)
        #expect(Pattern("a\nb") == nil)
        #expect(Pattern("GPT-*")?.text == "GPT-*")
    }

    @Test("in a rule: what is denied stays denied, and what is unknown is neither")
    func rules() throws {
        func rule(_ allowed: [String], _ denied: [String]) -> NameRule {
            NameRule(
                allowed: allowed.compactMap(Pattern.init),
                denied: denied.compactMap(Pattern.init)
            )
        }
        #expect(!NameRule.any.restricts)
        #expect(permits(.any, ""))
        #expect(permits(.any, "anything"))
        #expect(!permits(rule(["*"], []), ""))
        #expect(!permits(rule([], ["x"]), ""))
        #expect(permits(rule(["a", "b"], ["c"]), "b"))
        #expect(!permits(rule(["a", "b"], ["b"]), "b"))
        #expect(!permits(rule(["a", "b"], ["c"]), "d"))
    }

    private func matches(_ pattern: Pattern, _ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return pattern.matches(bytes.span)
    }

    private func permits(_ rule: NameRule, _ name: String) -> Bool {
        let bytes = Array(name.utf8)
        return rule.permits(bytes.span)
    }

    private func naive(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        if first == "*" {
            return naive(pattern.dropFirst(), name)
                || !name.isEmpty && naive(pattern, name.dropFirst())
        }
        return name.first == first && naive(pattern.dropFirst(), name.dropFirst())
    }
}
