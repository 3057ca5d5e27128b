internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore

/// A request for 500 tokens of prompt and 1,000 more of gpt-4o: 0.01125 USD.
@Suite("Simulations")
struct SimulateKeyTests {
    private static let body = #"{"model":"gpt-4o","tokens":1500,"input_tokens":500}"#

    private func simulate(
        _ id: String,
        _ body: String = body,
        _ harness: AdminHarness
    ) async throws -> JSONValue {
        let answer = try await harness.call(.post, "/v1/keys/\(id)/simulate", body)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.document
    }

    @Test("An allowed request shows what it would hold and what is left, and uses nothing up")
    func allowed() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(#"{"name":"a","budget_limits":{"daily":0.02}}"#)
        let id = try #require(key["id"]?.string)
        for _ in 0..<3 {
            let answer = try await simulate(id, SimulateKeyTests.body, harness)
            #expect(answer["allowed"] == true)
            #expect(answer["reason"] == .null)
            #expect(answer["key_id"] == .string(id))
            #expect(answer["at"] == "2030-01-31T12:00:00.000Z")
            #expect(answer["reserved_tokens"] == 1500)
            #expect(answer["reserved_cost_usd"] == .number("0.01125"))
            #expect(answer["limit"] == .null)
            guard case .array(let limits)? = answer["limits"] else { return }
            #expect(limits.map { $0["remaining"] } == [.number("0.02")])
        }
        let read = try await harness.call(.get, "/v1/keys/\(id)").document
        #expect(read["last_used_at"] == .null)
        #expect(read["usage"]?["total"]?["requests"] == 0)
    }

    @Test("Content rules are asked when a text is told")
    func content() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(
            #"{"name":"a","content_rules":[{"name":"cards","pattern":"[0-9]{4}"}]}"#
        )
        let id = try #require(key["id"]?.string)
        let untold = try await simulate(id, SimulateKeyTests.body, harness)
        #expect(untold["allowed"] == true)
        let passed = try await simulate(id, #"{"model":"gpt-4o","content":"none"}"#, harness)
        #expect(passed["allowed"] == true)
        let found = try await simulate(id, #"{"model":"gpt-4o","content":"1234"}"#, harness)
        #expect(found["reason"] == "content_blocked")
        guard case .array(let lines)? = found["explanation"] else { return }
        #expect(lines.contains("content: denies (content_blocked), rules found: cards"))
    }

    @Test("A denied one says which limit denies it, what would pass, and when")
    func denied() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(#"{"name":"a","budget_limits":{"daily":0.02}}"#)
        let id = try #require(key["id"]?.string)
        let secret = try #require(key["api_key"]?.string)
        #expect(try harness.check(secret, model: "gpt-4o").isAllowed)
        let verdict = try harness.check(secret, model: "gpt-4o")
        let answer = try await simulate(id, SimulateKeyTests.body, harness)
        #expect(answer["allowed"] == false)
        #expect(answer["reason"] == .string("\(verdict.reason.code)"))
        #expect(answer["http_status"] == .integer(Int64(verdict.reason.httpStatus)))
        #expect(answer["affordable_tokens"] == .integer(Int64(verdict.affordableTokens)))
        #expect(verdict.affordableTokens > 0)
        #expect(answer["limit"]?["name"] == "budget_limits.daily")
        #expect(answer["limit"]?["remaining"] == .number("0.00875"))
        #expect(answer["retry_after_ms"] == 43_200_000)
        #expect(answer["reserved_tokens"] == 0)
        let tomorrow =
            #"{"model":"gpt-4o","tokens":1500,"input_tokens":500,"at":"2030-02-01T00:00:00Z"}"#
        #expect(try await simulate(id, tomorrow, harness)["allowed"] == true)
    }

    @Test("A model is known by its other names, as it is for a proxy's")
    func aliases() async throws {
        let harness = try AdminHarness()
        let model = #"{"models":[{"id":"gpt-4o","provider":"openai","aliases":["best"]}]}"#
        try #require(try await harness.call(.put, "/v1/models", model).status == 200)
        let key = try await harness.create(#"{"name":"a","denied_models":["gpt-4o"]}"#)
        let id = try #require(key["id"]?.string)
        let answer = try await simulate(id, #"{"model":"best"}"#, harness)
        #expect(answer["reason"] == "model_not_allowed")
    }

    @Test("What a request names counts as it does for a proxy's")
    func names() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(
            """
            {"name":"a","allowed_models":["gpt-*"],"allowed_providers":["openai"],
             "denied_actions":["embeddings:*"],"allowed_regions":["EU"],
             "ip_allowlist":{"enabled":true,"addresses":["10.0.0.0/8"]}}
            """
        )
        let id = try #require(key["id"]?.string)
        let home = #""region":"EU","client_ip":"10.1.2.3""#
        let rows: [(String, JSONValue)] = [
            (#"{"model":"gpt-4o",\#(home)}"#, .null),
            (#"{"model":"gpt-4o","region":null,"client_ip":"10.1.2.3"}"#, "region_not_allowed"),
            (#"{"model":"claude-3",\#(home)}"#, "model_not_allowed"),
            (#"{"model":"gpt-4o","provider":"azure",\#(home)}"#, "provider_not_allowed"),
            (#"{"model":"gpt-4o","action":"embeddings:create",\#(home)}"#, "action_not_allowed"),
            (#"{"model":"gpt-4o","region":"EU"}"#, "ip_not_allowed"),
        ]
        for (body, reason) in rows {
            #expect(try await simulate(id, body, harness)["reason"] == reason, "\(body)")
        }
    }

    @Test("A key that is only monitored is told what it would be denied for")
    func monitored() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(
            #"{"name":"a","allowed_models":["o1"],"enforcement":"monitor"}"#
        )
        let answer = try await simulate(
            try #require(key["id"]?.string),
            SimulateKeyTests.body,
            harness
        )
        #expect(answer["allowed"] == true)
        #expect(answer["monitored_reason"] == "model_not_allowed")
    }
}
