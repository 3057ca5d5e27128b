internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@Suite("The life of a key, by REST")
struct LifecycleTests {
    @Test("200: a rotation answers with the new secret and says until when the old one works")
    func rotate() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(#"{"name":"a"}"#)
        let id = try #require(key["id"]?.string)
        let old = try #require(key["api_key"]?.string)
        let answer = try await harness.call(.post, "/v1/keys/\(id)/rotate", #"{"grace":"15m"}"#)
        let secret = try #require(answer.document["api_key"]?.string)
        #expect(answer.status == 200 && secret != old)
        #expect(answer.headers[.eTag] == "\"2\"")
        #expect(answer.document["previous_key_valid_until"] == "2030-01-31T12:15:00.000Z")
        #expect(try harness.check(old, model: "m").isAllowed)
        harness.clock.advance(seconds: 900)
        #expect(try harness.check(old, model: "m").reason == .invalidAPIKey)
        #expect(try harness.check(secret, model: "m").isAllowed)
        let read = try await harness.call(.get, "/v1/keys/\(id)")
        #expect(read.document["previous_key_valid_until"] == .null)
        #expect(!read.text.contains(secret))
    }

    @Test(
        "A grace is a span or a number of seconds; a day when nothing is said",
        arguments: [
            ("", "2030-02-01T12:00:00.000Z"), ("{}", "2030-02-01T12:00:00.000Z"),
            (#"{"grace":"30s"}"#, "2030-01-31T12:00:30.000Z"),
            (#"{"grace":"2h"}"#, "2030-01-31T14:00:00.000Z"),
            (#"{"grace":"30d"}"#, "2030-03-02T12:00:00.000Z"),
            (#"{"grace":90}"#, "2030-01-31T12:01:30.000Z"), (#"{"grace":0}"#, "none"),
            (#"{"grace":"0s"}"#, "none"),
        ]
    )
    func graces(body: String, end: String) async throws {
        let harness = try AdminHarness()
        let id = try #require(try await harness.create(#"{"name":"a"}"#)["id"]?.string)
        let answer = try await harness.call(
            .post,
            "/v1/keys/\(id)/rotate",
            body.isEmpty ? nil : body
        )
        #expect((answer.document["previous_key_valid_until"]?.string ?? "none") == end)
    }

    @Test("201: a temporary key has an end, a session and a number of requests")
    func temporary() async throws {
        let harness = try AdminHarness()
        let body = """
            {"expires_in":3600,"session_id":"s 1","metadata":{"purpose":"demo"},
             "permissions":{"models":["gpt-4o"],"max_requests":1}}
            """
        let answer = try await harness.call(.post, "/v1/keys/temporary", body)
        let key = answer.document
        #expect(answer.status == 201)
        #expect(key["expires_at"] == "2030-01-31T13:00:00.000Z")
        #expect(key["key_type"] == "temporary" && key["session_id"] == "s 1")
        #expect(key["request_limits"] == ["total": 1])
        #expect(key["allowed_models"] == .array(["gpt-4o"]))
        let secret = try #require(key["api_key"]?.string)
        #expect(try harness.check(secret, model: "gpt-4o").isAllowed)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .requestQuotaExceeded)
        let other = try await harness.call(.post, "/v1/keys/temporary", #"{"expires_in":60}"#)
        let ended = try await harness.call(.delete, "/v1/sessions/s%201")
        #expect(ended.document == ["session_id": "s 1", "revoked_keys": 1])
        #expect(try harness.check(secret, model: "gpt-4o").reason == .keyRevoked)
        let left = try #require(other.document["api_key"]?.string)
        #expect(try harness.check(left, model: "gpt-4o").isAllowed)
    }

    @Test("A temporary key is within the scope of who made it")
    func inherited() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        let admin = try await harness.create(
            #"{"name":"t","team_id":"search","permissions":{"manage_keys":true}}"#
        )
        let key = try await harness.call(
            .post,
            "/v1/keys/temporary",
            #"{"expires_in":60}"#,
            secret: admin["api_key"]?.string
        )
        #expect(key.document["organization_id"] == "acme" && key.document["team_id"] == "search")
    }

    @Test("200: bulk answers for each key, and what fails does not stop the others")
    func bulk() async throws {
        let harness = try AdminHarness()
        var ids: [String] = []
        for name in ["a", "b", "c"] {
            let key = try await harness.create(#"{"name":"\#(name)"}"#)
            ids.append(try #require(key["id"]?.string))
        }
        _ = try await harness.call(.post, "/v1/keys/\(ids[1])/revoke")
        let list = (ids + ["nonsense"]).map { "\"\($0)\"" }.joined(separator: ",")
        let answer = try await harness.call(
            .post,
            "/v1/keys/bulk",
            #"{"action":"disable","ids":[\#(list)]}"#
        )
        #expect(answer.status == 200)
        #expect(answer.document["succeeded"] == 2 && answer.document["failed"] == 2)
        guard case .array(let results)? = answer.document["results"] else {
            Issue.record("\(answer.text)")
            return
        }
        #expect(results.map { $0["ok"] } == [true, false, true, false])
        #expect(results[0]["status"] == "disabled")
        #expect(results[1]["error"]?["code"] == "key_revoked")
        #expect(results[3]["error"]?["code"] == "key_not_found")
        #expect(results[3]["http_status"] == 404)
        let rotated = try await harness.call(
            .post,
            "/v1/keys/bulk",
            #"{"action":"rotate","grace":0,"ids":["\#(ids[0])"]}"#
        )
        #expect(rotated.text.contains("\"api_key\":\"tg_live_"))
    }

    @Test("200: an import takes over secrets and hashes, and repeats neither")
    func imports() async throws {
        let harness = try AdminHarness()
        let hash = String(repeating: "0a", count: 32)
        let body = """
            {"keys":[{"name":"one","api_key":"sk-plain-secret","allowed_models":["gpt-4o"]},
                     {"name":"two","sha256":"\(hash)"},
                     {"name":"again","api_key":"sk-plain-secret"},
                     {"name":"both","api_key":"sk-other-secret","sha256":"\(hash)"},
                     {"name":"none"},
                     {"name":"bad","api_key":"sk-third-secret","allowed_models":[""]}]}
            """
        let answer = try await harness.call(.post, "/v1/keys/import", body)
        #expect(answer.document["imported"] == 2 && answer.document["failed"] == 4)
        #expect(!answer.text.contains("-secret") && !answer.text.contains(hash))
        guard case .array(let results)? = answer.document["results"] else { return }
        let problems = results.map { result in
            [result["error"]?["code"], result["error"]?["field"]].compactMap { $0?.string }
                .joined(separator: " ")
        }
        #expect(
            problems == [
                "", "", "duplicate_key keys[2].api_key", "contradiction keys[3].sha256",
                "invalid_field keys[4].api_key", "invalid_field keys[5].allowed_models[0]",
            ]
        )
        #expect(try harness.check("sk-plain-secret", model: "gpt-4o").isAllowed)
        #expect(try harness.check("sk-plain-secret", model: "o3").reason == .modelNotAllowed)
        #expect(harness.actions.all.last?.name == "keys.imported")
    }

    @Test("What is to be heard of a key is kept and shown, but for the secret of a webhook")
    func notices() async throws {
        let harness = try AdminHarness()
        let body = """
            {"name":"a","budget_alerts":{"thresholds":[50,75,90],"notify_email":"admin@company.com"},
             "alerts":{"budget_threshold":[50,75,90],"rate_limit_percentage":80,
                       "failed_auth_threshold":10,"unusual_patterns":true},
             "webhooks":{"enabled":true,"url":"https://yourapp.com/webhooks/visca",
                         "events":["key.created","key.suspicious_activity"],"secret":"whsec_canary"},
             "content_rules":[{"name":"cards","pattern":"[0-9]{16}","action":"block"}],
             "anomaly":{"enabled":true}}
            """
        let created = try await harness.call(.post, "/v1/keys", body)
        let id = try #require(created.document["id"]?.string)
        let read = try await harness.call(.get, "/v1/keys/\(id)")
        for answer in [created, read] {
            let key = answer.document
            #expect(key["budget_alerts"]?["thresholds"] == .array([50, 75, 90]))
            #expect(key["alerts"]?["failed_auth_threshold"] == 10)
            #expect(key["webhooks"]?["has_secret"] == true)
            #expect(key["content_rules"] != .array([]))
            #expect(key["anomaly"] == ["enabled": true, "action": "alert", "factor": 10])
            #expect(!answer.text.contains("whsec_canary"))
        }
        #expect(!"\(try harness.registry.key(try #require(KeyID(id))))".contains("whsec_canary"))
        let cleared = try await harness.call(.patch, "/v1/keys/\(id)", #"{"webhooks":null}"#)
        #expect(cleared.document["webhooks"] == .null)
        #expect(cleared.document["alerts"] != .null)
    }
}
