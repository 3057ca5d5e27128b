internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore

/// Each check asks for 500 tokens of prompt and 1,000 more of gpt-4o: 0.01125 USD.
@Suite("Usage")
struct UsageTests {
    private func amounts(_ requests: Int64, _ cost: String) -> JSONValue {
        [
            "requests": .integer(requests), "tokens": .integer(requests * 1500),
            "cost_usd": cost == "0" ? 0 : .number(cost),
        ]
    }

    @Test("A key's usage tells every window, what is held, and the limits of all its levels")
    func key() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        _ = try await harness.call(
            .patch,
            "/v1/organizations/acme",
            #"{"budget_limits":{"daily":0.02}}"#
        )
        let key = try await harness.create(
            #"{"name":"a","user_id":"ann","rate_limits":{"per_hour":5},"token_limits":{"total":9000}}"#
        )
        let secret = try #require(key["api_key"]?.string)
        let id = try #require(key["id"]?.string)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .allowed)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .budgetExceeded)
        let usage = try await harness.call(.get, "/v1/keys/\(id)/usage", as: .auditor).document
        #expect(usage["key_id"] == .string(id))
        for window in ["hour", "day", "week", "month", "total", "held"] {
            #expect(usage[window] == amounts(1, "0.01125"), "\(window)")
        }
        #expect(
            usage["limits"]
                == .array([
                    [
                        "name": "rate_limits.per_hour", "level": "key", "limit": 5, "remaining": 4,
                        "reset_ms": 3_600_000, "overdrawn": false,
                    ],
                    [
                        "name": "token_limits.total", "level": "key", "limit": 9000,
                        "remaining": 7500, "reset_ms": 0, "overdrawn": false,
                    ],
                    [
                        "name": "budget_limits.daily", "level": "organization",
                        "limit": .number("0.02"), "remaining": .number("0.00875"),
                        "reset_ms": 43_200_000, "overdrawn": false,
                    ],
                ])
        )
    }

    @Test("What was used goes up the hierarchy, and into no other")
    func hierarchy() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        for user in ["ann", "bob"] {
            let key = try await harness.create(#"{"name":"a","user_id":"\#(user)"}"#)
            let secret = try #require(key["api_key"]?.string)
            #expect(try harness.check(secret, model: "gpt-4o").isAllowed)
        }
        let rows = [
            ("users/ann", 1), ("users/bob", 1), ("teams/search", 1), ("organizations/acme", 2),
            ("organizations/other", 0),
        ]
        for (path, count) in rows {
            let usage = try await harness.call(.get, "/v1/\(path)/usage").document
            #expect(usage["total"]?["requests"] == .integer(Int64(count)), "\(path)")
            let group = try await harness.call(.get, "/v1/\(path)").document
            #expect(group["usage"]?["day"] == usage["day"])
        }
    }

    @Test("A window that is over counts for nothing; the total stays")
    func windows() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(#"{"name":"a"}"#)
        let path = "/v1/keys/\(key["id"]?.string ?? "")"
        #expect(try harness.check(key["api_key"]?.string ?? "", model: "gpt-4o").isAllowed)
        // From the last day of January to the first of February, a Friday.
        harness.clock.advance(seconds: 86_400)
        let usage = try await harness.call(.get, path).document["usage"]
        #expect(usage?["hour"] == amounts(0, "0"))
        #expect(usage?["day"] == amounts(0, "0"))
        #expect(usage?["week"] == amounts(1, "0.01125"))
        #expect(usage?["month"] == amounts(0, "0"))
        #expect(usage?["total"] == amounts(1, "0.01125"))
    }

    @Test("What is left of a key's own limits is told in the blocks in which they are set")
    func remaining() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(
            """
            {"name":"a","rate_limits":{"per_minute":10,"concurrent":3},
             "budget_limits":{"daily":1,"total":2},"token_limits":{"daily":2000}}
            """
        )
        let path = "/v1/keys/\(key["id"]?.string ?? "")"
        #expect(try harness.check(key["api_key"]?.string ?? "", model: "gpt-4o").isAllowed)
        #expect(
            try await harness.call(.get, path).document["remaining"]
                == [
                    "rate_limits": ["per_minute": 9, "concurrent": 2],
                    "budget_limits": ["daily": .number("0.98875"), "total": .number("1.98875")],
                    "token_limits": ["daily": 500],
                ]
        )
        _ = try await harness.call(.patch, path, #"{"token_limits":{"daily":1000}}"#)
        let overdrawn = try await harness.call(.get, path + "/usage").document["limits"]
        guard case .array(let limits)? = overdrawn else { return }
        let tokens = limits.first { $0["name"] == "token_limits.daily" }
        #expect(tokens?["remaining"] == -500)
        #expect(tokens?["overdrawn"] == true)
    }

    @Test("Credits pay for what comes after the first payment, add up, and run out")
    func credits() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        let key = try await harness.create(#"{"name":"a","organization_id":"acme"}"#)
        let secret = try #require(key["api_key"]?.string)
        let path = "/v1/organizations/acme"
        #expect(try harness.check(secret, model: "gpt-4o").isAllowed)
        // The request under way is paid for, too: nobody knows yet what it will have used.
        let paid = try await harness.call(.post, path + "/credits", #"{"amount":0.02125}"#).document
        #expect(paid["credits"] == .number("0.02125"))
        #expect(paid["remaining"]?["balance"] == .number("0.01"))
        #expect(try harness.check(secret, model: "gpt-4o").reason == .balanceExhausted)
        let more = try await harness.call(
            .post,
            path + "/credits",
            #"{"amount":0.005}"#,
            headers: [.ifMatch: "\"2\""]
        ).document
        #expect(more["remaining"]?["balance"] == .number("0.015"))
        let again = try await harness.call(
            .post,
            path + "/credits",
            #"{"amount":0.005}"#,
            headers: [.ifMatch: "\"2\""]
        )
        #expect(again.status == 412)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .allowed)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .balanceExhausted)
    }
}
