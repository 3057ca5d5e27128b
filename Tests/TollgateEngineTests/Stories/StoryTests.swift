internal import Testing

@Suite("The stories")
struct StoryTests {
    @Test("happen as they are told", arguments: try Story.all())
    func asTold(_ story: Story) throws {
        let teller = try StoryTeller(story)
        for line in story.lines {
            let outcome = try teller.tell(line)
            #expect(outcome == line.expected, "\(line.place)")
        }
    }

    @Test("are told of every limit")
    func everyLimit() throws {
        let told = try Story.all().flatMap(\.lines).compactMap(\.expected).joined(separator: "\n")
        for name in Self.limits { #expect(told.contains(name), "\(name)") }
    }

    private static let limits = [
        "token_limits.per_request_max", "rate_limits.per_second", "rate_limits.per_minute",
        "rate_limits.per_hour", "rate_limits.per_day", "rate_limits.tokens_per_minute",
        "rate_limits.concurrent", "budget_limits.daily", "budget_limits.weekly",
        "budget_limits.monthly", "budget_limits.total", "balance", "token_limits.daily",
        "token_limits.monthly", "token_limits.total", "request_limits.total",
    ]

    @Test(
        "that are not written as they should be are refused",
        arguments: [
            "  check", "[a]\nkey: rate_limits.per_fortnight=3", "[a]\nstart: noon",
            "[a]\n  dance", "[a]\n  wait 3x", "[a]\n  check => a => b", "[a]\n  left key nothing",
            "[a]\nunsettled: perhaps",
        ]
    )
    func badStories(_ text: String) {
        #expect(throws: (any Error).self) {
            for story in try Story.stories(named: "planted", text) {
                let teller = try StoryTeller(story)
                for line in story.lines { _ = try teller.tell(line) }
            }
        }
    }
}
