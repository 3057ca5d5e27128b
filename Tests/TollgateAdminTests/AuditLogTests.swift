internal import HTTPTypes
internal import Testing
internal import TollgateAdmin

@Suite("The audit log")
struct AuditLogTests {
    /// Five decisions of two keys, a second apart, from 12:00:00 on.
    private struct Scene {
        let harness: AdminHarness
        let first: String
        let second: String

        init() async throws {
            harness = try AdminHarness()
            let one = try await harness.create(#"{"name":"one","allowed_models":["gpt-*"]}"#)
            let two = try await harness.create(#"{"name":"two"}"#)
            first = one["id"]?.string ?? ""
            second = two["id"]?.string ?? ""
            let decisions = [
                (one, "gpt-4o"), (one, "claude"), (two, "gpt-4o"), (two, "claude"), (one, "gpt-5"),
            ]
            for (index, (key, model)) in decisions.enumerated() {
                _ = try harness.check(
                    key["api_key"]?.string ?? "",
                    model: model,
                    requestID: "r\(index)"
                )
                harness.clock.advance(seconds: 1)
            }
        }

        func requests(_ query: String, headers: HTTPFields = [:]) async throws -> [String] {
            let uri = "/v1/audit-logs?\(query)"
            let answer = try await harness.call(.get, uri, as: .auditor, headers: headers)
            guard case .array(let logs) = answer.document["logs"] ?? .null else { return [] }
            return logs.compactMap { $0["request_id"]?.string }
        }
    }

    @Test("200: an entry says who asked for what, when, and how it was decided")
    func entry() async throws {
        let scene = try await Scene()
        let answer = try await scene.harness.call(.get, "/v1/audit-logs?model=claude&limit=2")
        guard case .array(let logs) = answer.document["logs"] ?? .null else {
            Issue.record("no logs")
            return
        }
        try #require(logs.count == 2)
        #expect(logs[0]["api_key_name"] == "two")
        #expect(logs[0]["status"] == "success")
        #expect(logs[0]["reason"] == .null)
        #expect(logs[0]["reservation_id"]?.string?.hasPrefix("rs_") == true)
        #expect(
            logs[1]
                == [
                    "timestamp": "2030-01-31T12:00:01.000Z", "id": "log_2_0",
                    "key_id": .string(scene.first), "api_key_id": .string(scene.first),
                    "api_key_name": "one", "request_id": "r1", "action": .null,
                    "model": "claude", "provider": .null, "supplier": .null, "region": .null,
                    "status": "denied", "reason": "model_not_allowed",
                    "tokens": ["requested": 1500, "requested_input": 500],
                    "reservation_id": .null, "ip_address": "203.0.113.42", "user_agent": .null,
                    "metadata": [:],
                ]
        )
    }

    @Test("Filters show the decisions that meet all of them, the newest first")
    func filters() async throws {
        let scene = try await Scene()
        let cases = [
            ("", ["r4", "r3", "r2", "r1", "r0"]),
            ("key_id=\(scene.first)", ["r4", "r1", "r0"]),
            ("key_id=\(scene.second)&model=gpt-4o", ["r2"]),
            ("status=denied", ["r1"]),
            ("status=allowed&model=claude", ["r3"]),
            ("reason=model_not_allowed", ["r1"]),
            ("since=2030-01-31T12:00:03Z", ["r4", "r3"]),
            ("until=2030-01-31T12:00:01Z", ["r0"]),
            ("since=2030-01-31T13:00:03+01:00&until=2030-01-31T07:00:04-05:00", ["r3"]),
        ]
        for (query, requests) in cases {
            #expect(try await scene.requests(query) == requests, "\(query)")
        }
    }

    @Test("X-API-Key-ID filters like key_id, and must not contradict it")
    func header() async throws {
        let scene = try await Scene()
        let name = try #require(HTTPField.Name("X-API-Key-ID"))
        #expect(try await scene.requests("", headers: [name: scene.second]) == ["r3", "r2"])
        let both = try await scene.harness.call(
            .get,
            "/v1/audit-logs?key_id=\(scene.first)",
            headers: [name: scene.second]
        )
        #expect(both.status == 422)
        let bad = try await scene.harness.call(.get, "/v1/audit-logs", headers: [name: "x"])
        #expect(bad.status == 400)
    }

    @Test("Pages follow one another without gaps or repetitions")
    func pages() async throws {
        let scene = try await Scene()
        var ids: [String] = []
        var uri = "/v1/audit-logs?limit=2"
        for _ in 0..<4 {
            let answer = try await scene.harness.call(.get, uri)
            ids += answer.ids
            guard let cursor = answer.document["next_cursor"]?.string else { break }
            uri = "/v1/audit-logs?limit=2&cursor=\(cursor)"
        }
        // The last number is the place within a block, which also has what is counted.
        #expect(ids.map { $0.dropLast(2) } == ["log_5", "log_4", "log_3", "log_2", "log_1"])
    }

    @Test("Decisions without a key are there, and no secret is")
    func unknownKeys() async throws {
        let harness = try AdminHarness()
        _ = try harness.check("sk-canary-canary", model: "gpt-4o")
        let answer = try await harness.call(.get, "/v1/audit-logs?reason=invalid_api_key")
        #expect(answer.ids.count == 1)
        #expect(!answer.text.contains("canary"))
        #expect(answer.text.contains(#""key_id":null,"api_key_id":null,"api_key_name":null"#))
    }
}
