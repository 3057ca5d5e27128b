internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore

@Suite("Paths of other products")
struct CompatibilityTests {
    @Test("A key with one budget and two rates reads as it was written, here and under /v1/keys")
    func managed() async throws {
        let harness = try AdminHarness()
        let body = """
            {"name":"prod-eu-finance","allowed_models":["gpt-4o","claude-sonnet-4-5"],
             "allowed_regions":["EU"],"budget_limit":500.00,"budget_period":"monthly",
             "rate_limit_rpm":200,"rate_limit_tpm":1000}
            """
        let answer = try await harness.call(.post, "/v1/manage/keys", body)
        let id = try #require(answer.document["id"]?.string)
        #expect(answer.status == 201 && answer.document["api_key"] != nil)
        #expect(answer.headers[.location] == "/v1/manage/keys/\(id)")
        let read = try await harness.call(.get, "/v1/manage/keys/\(id)").document
        #expect(read["budget_limit"] == 500 && read["budget_period"] == "monthly")
        #expect(read["rate_limit_rpm"] == 200 && read["rate_limit_tpm"] == 1000)
        let own = try await harness.call(.get, "/v1/keys/\(id)").document
        #expect(own["budget_limits"]?["monthly"] == 500)
        #expect(own["rate_limits"]?["per_minute"] == 200)
    }

    @Test("A budget moves to another period, and a change of it alone stays in its own")
    func periods() async throws {
        let harness = try AdminHarness()
        let key = try await harness.call(
            .post,
            "/v1/manage/keys",
            #"{"name":"a","budget_limit":5,"budget_period":"daily"}"#
        )
        let path = "/v1/manage/keys/\(try #require(key.document["id"]?.string))"
        let steps = [
            (#"{"budget_limit":7}"#, "7 daily"),
            (#"{"budget_period":"cumulative"}"#, "7 cumulative"),
            (#"{"budget_limit":9,"budget_period":"monthly"}"#, "9 monthly"),
            (#"{"name":"b"}"#, "9 monthly"), (#"{"budget_limit":null}"#, "none"),
        ]
        for (body, expected) in steps {
            let answer = try await harness.call(.patch, path, body)
            let budgets = answer.document["budget_limits"] ?? .null
            let set = ["daily", "monthly", "total"].filter { budgets[$0] != nil }
            #expect(set.count == (expected == "none" ? 0 : 1), "\(body)")
            guard case .integer(let limit)? = answer.document["budget_limit"] else {
                #expect(expected == "none", "\(body)")
                continue
            }
            let period = answer.document["budget_period"]?.string ?? ""
            #expect("\(limit) \(period)" == expected, "\(body)")
        }
    }

    @Test("A budget that is changed leaves those alone that are not shown as it")
    func otherBudgets() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(
            #"{"name":"a","budget_limits":{"daily":1,"monthly":2,"total":3,"weekly":5}}"#
        )
        let path = "/v1/manage/keys/\(try #require(key["id"]?.string))"
        let steps: [(String, JSONValue)] = [
            (#"{"budget_limit":4}"#, ["daily": 1, "weekly": 5, "monthly": 4, "total": 3]),
            (#"{"budget_limit":null}"#, ["daily": 1, "weekly": 5, "total": 3]),
            (#"{"budget_period":"cumulative"}"#, ["weekly": 5, "total": 1]),
            (#"{"budget_limit":null}"#, ["weekly": 5]),
            (#"{"budget_limit":null,"budget_period":null}"#, ["weekly": 5]),
            (#"{"budget_period":null}"#, ["weekly": 5]),
        ]
        for (body, expected) in steps {
            let answer = try await harness.call(.patch, path, body)
            for period in ["daily", "weekly", "monthly", "total"] {
                let amount = answer.document["budget_limits"]?[period]
                #expect(amount == expected[period], "\(body) \(answer.text)")
            }
        }
    }

    @Test("An end in the past is taken where other products would, and the key never works")
    func ends() async throws {
        let harness = try AdminHarness()
        let body =
            #"{"name":"a","expires_at":"2020-12-31T23:59:59Z","permissions":{"manage_keys":true}}"#
        for path in ["/v1/api-keys", "/v1/manage/keys"] {
            let answer = try await harness.call(.post, path, body)
            #expect(
                answer.status == 201 && answer.document["status"] == "expired",
                "\(answer.text)"
            )
            let secret = try #require(answer.document["api_key"]?.string)
            let used = try await harness.call(.get, "/v1/keys", secret: secret)
            #expect("\(used.status) \(used.problem)" == "401 key_expired")
            let id = try #require(answer.document["id"]?.string)
            let change = try await harness.call(
                .patch,
                "\(path)/\(id)",
                #"{"expires_at":"2021-12-31T23:59:59Z"}"#
            )
            #expect(change.status == 400 && change.problem.contains("expires_at"))
        }
        let own = try await harness.call(.post, "/v1/keys", body)
        #expect(own.status == 400 && own.problem.contains("expires_at"))
    }

    @Test("A key with everything under its permissions reads so, and needs no name")
    func apiKeys() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        let body = """
            {"key_type":"user","organization_id":"acme","team_id":"search","user_id":"ann",
             "permissions":{"models":["gpt-3.5-turbo"],"actions":["chat:completions"],
                            "daily_budget":50.0,"rate_limit_per_minute":20,"max_requests":9}}
            """
        let answer = try await harness.call(.post, "/v1/api-keys", body)
        #expect(answer.status == 201, "\(answer.text)")
        let key = answer.document
        #expect(key["name"] == "user key")
        #expect(
            key["permissions"] == [
                "manage_keys": false, "view_all_usage": false, "manage_billing": false,
                "models": .array(["gpt-3.5-turbo"]), "actions": .array(["chat:completions"]),
                "max_requests": 9, "daily_budget": 50, "rate_limit_per_minute": 20,
            ]
        )
        let id = try #require(key["id"]?.string)
        let patched = try await harness.call(
            .patch,
            "/v1/api-keys/\(id)",
            #"{"permissions":{"rate_limit_per_minute":40},"budget_limits":{"monthly":2000.00}}"#
        )
        #expect(patched.document["permissions"]?["rate_limit_per_minute"] == 40)
        #expect(patched.document["permissions"]?["daily_budget"] == 50)
        #expect(patched.document["permissions"]?["monthly_budget"] == 2000)
        #expect(try await harness.call(.delete, "/v1/api-keys/\(id)").status == 200)
        let gone = try await harness.call(.get, "/v1/api-keys/\(id)")
        #expect(gone.document["status"] == "revoked")
        #expect(try await harness.call(.get, "/v1/api-keys?status=revoked").ids == [id])
    }
}
