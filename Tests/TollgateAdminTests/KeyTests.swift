internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore

@Suite("Keys")
struct KeyTests {
    private let everything = """
        {"name":"Production","description":"The app","environment":"test","group":"apps",
         "metadata":{"team":"search"},"status":"disabled","expires_at":"2030-02-01T01:00:00+01:00",
         "allowed_models":["gpt-4o*"],"denied_models":["gpt-4o-realtime*"],
         "allowed_providers":["openai"],"denied_providers":["x"],
         "allowed_suppliers":["openai-eu"],"denied_suppliers":["y"],
         "allowed_regions":["EU"],"denied_regions":["US"],
         "allowed_actions":["chat:*"],"denied_actions":["images:*"],
         "ip_allowlist":{"enabled":true,"addresses":["10.0.0.0/8","2001:db8::1"]},
         "permissions":{"manage_keys":true,"view_all_usage":false,"manage_billing":true},
         "rate_limits":{"per_second":5,"per_minute":100,"per_hour":1000,"per_day":9000,"burst":7,
                        "tokens_per_minute":90000,"concurrent":4},
         "budget_limits":{"daily":1.5,"weekly":0.000000001,"monthly":100,"total":1e3},
         "token_limits":{"daily":1,"monthly":2,"total":4611686018427387904,"per_request_max":4},
         "request_limits":{"total":0},"enforcement":"monitor","unsettled":"charge_input",
         "pricing":{"tier":"paid","max_input_price":2.5},
         "policy":{"version":"2024-01-01","statements":[
            {"effect":"Allow","actions":["*"],"resources":["model:gpt-4o*"]}]},
         "iam_rules":[{"type":"deny_models","models":["o1*"]}]}
        """

    @Test("201: a creation shows the secret, where the key is, and everything that was set")
    func create() async throws {
        let harness = try AdminHarness()
        let answer = try await harness.call(.post, "/v1/keys", everything)
        let key = answer.document
        let id = try #require(key["id"]?.string)
        #expect(answer.status == 201)
        #expect(answer.headers[.location] == "/v1/keys/\(id)")
        #expect(answer.headers[.eTag] == "\"1\"")
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(key["api_key"]?.string?.hasPrefix("tg_test_") == true)
        #expect(key["masked_key"]?.string?.hasPrefix("tg_test_…") == true)
        #expect(key["status"] == "disabled")
        #expect(key["expires_at"] == "2030-02-01T00:00:00.000Z")
        #expect(key["created_at"] == "2030-01-31T12:00:00.000Z")
        #expect(key["allowed_models"] == .array(["gpt-4o*"]))
        #expect(key["denied_actions"] == .array(["images:*"]))
        #expect(
            key["ip_allowlist"]
                == ["enabled": true, "addresses": .array(["10.0.0.0/8", "2001:db8::1"])]
        )
        #expect(
            key["permissions"]
                == ["manage_keys": true, "view_all_usage": false, "manage_billing": true]
        )
        #expect(key["metadata"] == ["team": "search"])
        #expect(
            key["rate_limits"]
                == [
                    "per_second": 5, "per_minute": 100, "per_hour": 1000, "per_day": 9000,
                    "burst": 7, "tokens_per_minute": 90_000, "concurrent": 4, "strict": false,
                ]
        )
        #expect(
            key["budget_limits"]
                == [
                    "daily": .number("1.5"), "weekly": .number("0.000000001"), "monthly": 100,
                    "total": 1000, "currency": "USD", "timezone": "UTC",
                ]
        )
        #expect(key["token_limits"]?["total"] == 4_611_686_018_427_387_904)
        #expect(key["request_limits"] == ["total": 0])
        #expect(key["pricing"] == ["tier": "paid", "max_input_price": .number("2.5")])
        #expect(key["policy"]?["version"] == "2024-01-01")
        #expect(key["iam_rules"] == .array([["type": "deny_models", "models": .array(["o1*"])]]))
        #expect(key["enforcement"] == "monitor")
        #expect(key["unsettled"] == "charge_input")
        #expect(key["key_type"] == .null)
    }

    @Test("200: a key reads as it was created, but for its secret")
    func get() async throws {
        let harness = try AdminHarness()
        let created = try await harness.call(.post, "/v1/keys", everything)
        let secret = try #require(created.document["api_key"]?.string)
        let id = try #require(created.document["id"]?.string)
        let read = try await harness.call(.get, "/v1/keys/\(id)")
        #expect(read.status == 200)
        #expect(read.headers[.eTag] == "\"1\"")
        let withSecret = created.text
        let written = withSecret.replacing("\"api_key\":\"\(secret)\",", with: "")
        // A key that is read also says what it has used, behind everything that was set.
        #expect(read.text.hasPrefix(written.dropLast() + #","last_used_at":null,"usage":"#))
        let list = try await harness.call(.get, "/v1/keys")
        #expect(!list.text.contains(secret))
    }

    @Test("A key that says nothing but its name restricts nothing and never expires")
    func defaults() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(#"{"name":"a"}"#)
        #expect(key["status"] == "enabled")
        #expect(key["environment"] == "live")
        #expect(key["expires_at"] == .null)
        #expect(key["allowed_models"] == .array([]))
        #expect(key["ip_allowlist"] == ["enabled": false, "addresses": .array([])])
        for block in ["rate_limits", "budget_limits", "token_limits", "request_limits"] {
            #expect(key[block] == .object([]))
        }
        #expect(key["policy"] == .null)
        #expect(key["enforcement"] == "enforce")
        #expect(key["unsettled"] == "charge")
        let secret = try #require(key["api_key"]?.string)
        #expect(try harness.check(secret, model: "any").isAllowed)
    }

    @Test("expires_in counts from now, and an expired key says so")
    func expiry() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(#"{"name":"a","expires_in":3600}"#)
        let id = try #require(key["id"]?.string)
        #expect(key["expires_at"] == "2030-01-31T13:00:00.000Z")
        harness.clock.advance(seconds: 3600)
        #expect(try await harness.call(.get, "/v1/keys/\(id)").document["status"] == "expired")
    }

    @Test("200: PATCH merges what is there, empties what is null and leaves the rest")
    func patch() async throws {
        let harness = try AdminHarness()
        let id = try #require(try await harness.create(everything)["id"]?.string)
        let answer = try await harness.call(
            .patch,
            "/v1/keys/\(id)",
            """
            {"description":null,"status":"enabled","expires_at":null,"denied_models":null,
             "allowed_regions":["EU","US"],"metadata":{"team":null,"tier":"gold"},
             "ip_allowlist":{"enabled":false},"permissions":{"manage_keys":false}}
            """
        )
        let key = answer.document
        #expect(answer.status == 200)
        #expect(answer.headers[.eTag] == "\"2\"")
        #expect(key["name"] == "Production")
        #expect(key["description"] == "")
        #expect(key["status"] == "enabled")
        #expect(key["expires_at"] == .null)
        #expect(key["allowed_models"] == .array(["gpt-4o*"]))
        #expect(key["denied_models"] == .array([]))
        #expect(key["allowed_regions"] == .array(["EU", "US"]))
        #expect(key["metadata"] == ["tier": "gold"])
        #expect(key["ip_allowlist"]?["enabled"] == false)
        #expect(key["ip_allowlist"]?["addresses"] == .array(["10.0.0.0/8", "2001:db8::1"]))
        #expect(key["permissions"]?["manage_keys"] == false)
        #expect(key["permissions"]?["manage_billing"] == true)
        #expect(key["version"] == 2)
    }

    @Test("A PATCH that is refused changes nothing")
    func refusedPatch() async throws {
        let harness = try AdminHarness()
        let id = try #require(try await harness.create(everything)["id"]?.string)
        let before = try await harness.call(.get, "/v1/keys/\(id)").text
        let body = #"{"name":"new","allowed_models":["a",""]}"#
        #expect(try await harness.call(.patch, "/v1/keys/\(id)", body).status == 400)
        #expect(try await harness.call(.get, "/v1/keys/\(id)").text == before)
    }

    @Test(
        "412: a PATCH insists on the version in If-Match",
        arguments: [
            ("\"1\"", 200), ("*", 200), ("\"2\"", 412), ("W/\"1\"", 412), ("\"01\"", 412),
            ("\"abc\"", 412), ("1", 400), ("\"1\", \"2\"", 400), ("\"", 400),
        ]
    )
    func ifMatch(tag: String, status: Int) async throws {
        let harness = try AdminHarness()
        let id = try #require(try await harness.create(#"{"name":"a"}"#)["id"]?.string)
        let answer = try await harness.call(
            .patch,
            "/v1/keys/\(id)",
            #"{"name":"b"}"#,
            headers: [.ifMatch: tag]
        )
        #expect(answer.status == status)
        let name = try await harness.call(.get, "/v1/keys/\(id)").document["name"]
        #expect(name == (status == 200 ? "b" : "a"))
    }

    @Test("Disabling, enabling, revoking and deleting count for the next decision")
    func status() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(#"{"name":"a"}"#)
        let id = try #require(key["id"]?.string)
        let secret = try #require(key["api_key"]?.string)
        #expect(try harness.check(secret, model: "m").reason == .allowed)
        let steps: [(HTTPRequest.Method, String, String, Reason)] = [
            (.post, "/disable", "disabled", .keyDisabled),
            (.post, "/enable", "enabled", .allowed),
            (.delete, "", "revoked", .keyRevoked),
            (.post, "/revoke", "revoked", .keyRevoked),
        ]
        for (method, path, status, reason) in steps {
            let answer = try await harness.call(method, "/v1/keys/\(id)\(path)")
            #expect(answer.status == 200)
            #expect(answer.document["status"] == .string(status))
            #expect(try harness.check(secret, model: "m").reason == reason)
        }
    }

    @Test("409: a revoked key stays revoked, and its record stays")
    func revoked() async throws {
        let harness = try AdminHarness()
        let id = try #require(try await harness.create(#"{"name":"a"}"#)["id"]?.string)
        _ = try await harness.call(.delete, "/v1/keys/\(id)")
        for (method, path, body) in [
            (HTTPRequest.Method.post, "/enable", nil), (.post, "/disable", nil),
            (.patch, "", #"{"status":"enabled"}"#),
        ] {
            let answer = try await harness.call(method, "/v1/keys/\(id)\(path)", body)
            #expect(answer.status == 409)
            #expect(answer.problem == "key_revoked")
        }
        #expect(try await harness.call(.get, "/v1/keys/\(id)").document["status"] == "revoked")
    }

    @Test("HEAD answers as GET does, without the body")
    func head() async throws {
        let harness = try AdminHarness()
        let answer = try await harness.call(.head, "/v1/keys")
        #expect(answer.status == 200)
        #expect(answer.text.isEmpty)
    }
}
