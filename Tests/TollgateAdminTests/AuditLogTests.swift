internal import Foundation
internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore
internal import TollgateEngine

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
                    "type": "decision", "key_id": .string(scene.first),
                    "api_key_id": .string(scene.first),
                    "api_key_name": "one", "request_id": "r1", "action": .null,
                    "model": "claude", "provider": .null, "supplier": .null, "region": .null,
                    "ip_address": "203.0.113.42", "user_agent": .null, "metadata": [:],
                    "status": "denied", "reason": "model_not_allowed", "limit": .null,
                    "monitored_reason": .null, "found_content_rules": .array([]),
                    "unusual_use": false, "reservation_id": .null, "outcome": .null,
                    "tokens": [
                        "prompt": 0, "completion": 0, "total": 0, "cached": 0, "requested": 1500,
                        "requested_input": 500,
                    ],
                    "input_tokens": 0, "output_tokens": 0, "cached_input_tokens": 0, "cost_usd": 0,
                    "reserved_cost_usd": .null, "billed_model": .null, "billed_provider": .null,
                    "billed_supplier": .null, "billed_region": .null, "latency_ms": .null,
                    "upstream_status": .null,
                    "settled_at": .null,
                ]
        )
    }

    @Test("200: what a request has used is in its row once it is reported, and sums up")
    func settled() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(#"{"name":"one"}"#)
        let secret = key["api_key"]?.string ?? ""
        for _ in 0..<2 { _ = try harness.check(secret, model: "gpt-4o") }
        let verdict = try harness.check(secret, model: "gpt-4o", requestID: "r1")
        harness.clock.advance(seconds: 2)
        try harness.settle(
            verdict.reservation,
            input: 150,
            output: 200,
            latency: 245,
            billed: [.model: "gpt-4o-2024-08-06", .region: "EU"]
        )
        func rows() async throws -> [JSONValue] {
            let answer = try await harness.call(.get, "/v1/manage/logs?key_id=\(id(key))")
            guard case .array(let logs) = answer.document["logs"] ?? .null else { return [] }
            return logs
        }
        let logs = try await rows()
        let row = try #require(logs.first)
        #expect(row["request_id"] == "r1")
        #expect(row["outcome"] == "settled")
        #expect(row["input_tokens"] == 150)
        #expect(row["output_tokens"] == 200)
        #expect(row["tokens"]?["prompt"] == 150)
        #expect(row["tokens"]?["completion"] == 200)
        #expect(row["tokens"]?["total"] == 350)
        #expect(row["cost_usd"] == .number("0.002375"))
        #expect(row["latency_ms"] == 245)
        #expect(row["upstream_status"] == 200)
        #expect(row["billed_model"] == "gpt-4o-2024-08-06")
        #expect(row["billed_provider"] == .null)
        #expect(row["billed_region"] == "EU")
        #expect(row["settled_at"] == "2030-01-31T12:00:02.000Z")
        #expect(logs.last?["outcome"] == "open")
        #expect(logs.last?["cost_usd"] == .null)
        #expect(logs.last?["billed_model"] == .null)
        #expect(logs.last?["reserved_cost_usd"] == .number("0.01125"))

        let usage = try await harness.call(.get, "/v1/usage?group_by=key,model,day").document
        #expect(
            usage["groups"]
                == .array([
                    [
                        "day": "2030-01-31", "key_id": .string(id(key)), "model": "gpt-4o",
                        "requests": 3, "denied_requests": 0, "tokens": 350, "input_tokens": 150,
                        "output_tokens": 200, "cached_input_tokens": 0,
                        "cost_usd": .number("0.002375"),
                    ]
                ])
        )
        #expect(usage["total"]?["requests"] == 3)
        for (model, count) in [("gpt-4o", 3), ("gpt-5", 0)] as [(String, Int64)] {
            let usage = try await harness.call(.get, "/v1/usage?model=\(model)").document
            #expect(usage["total"]?["requests"] == .integer(count))
        }
        let own = try await harness.call(.get, "/v1/usage", as: .plain).document
        #expect(own["total"]?["requests"] == 0)
    }

    private func id(_ key: JSONValue) -> String { key["id"]?.string ?? "" }

    @Test("200: exports have every row, in the form that was asked for")
    func exports() async throws {
        let scene = try await Scene()
        func text(_ query: String) async throws -> Answer {
            try await scene.harness.call(.get, "/v1/audit-logs?\(query)", as: .auditor)
        }
        let lines = try await text("format=jsonl")
        #expect(lines.headers[.contentType] == "application/x-ndjson")
        let rows = lines.text.split(separator: "\n")
        #expect(rows.count == 5)
        for row in rows { _ = try JSONParser.value(of: Array(row.utf8)) }
        #expect(try await text("format=jsonl&limit=2").text.split(separator: "\n").count == 2)
        let whole = try await text("limit=all")
        #expect(whole.ids.count == 5)
        #expect(whole.document["next_cursor"] == .null)
        let csv = try await text("format=csv&status=denied")
        let table = csv.text.components(separatedBy: "\r\n")
        #expect(table.count == 3 && table[2].isEmpty)
        #expect(table[0].hasPrefix("timestamp,id,type,key_id,api_key_name,request_id,"))
        #expect(table[1].contains(",r1,,,,claude,,,,denied,model_not_allowed,,0,0,0,0,0,"))
        #expect(table[0].split(separator: ",").count == table[1].components(separatedBy: ",").count)
    }

    @Test("200: actions of administrators are shown to those who ask for them")
    func actions() async throws {
        let harness = try AdminHarness()
        let actor = try harness.registry.principal(presenting: harness.secret(of: .admin))?.keyID
        try harness.engine.record(
            ManagementAction("key.updated", by: actor, on: "key_1", fields: ["name", "group"])
        )
        #expect(try await harness.call(.get, "/v1/audit-logs").ids.isEmpty)
        let answer = try await harness.call(.get, "/v1/audit-logs?type=management")
        guard case .array(let logs) = answer.document["logs"] ?? .null else { return }
        let row = try #require(logs.first)
        #expect(row["type"] == "management")
        #expect(row["action"] == "key.updated")
        #expect(row["target"] == "key_1")
        #expect(row["fields"] == .array(["name", "group"]))
        #expect(row["key_id"]?.string == actor.map { "\($0)" })
        #expect(try await harness.call(.get, "/v1/audit-logs?type=all").ids.count == 1)
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
        // An id of another server is that of no key here, and so of nothing that was recorded.
        let asked: [(String, HTTPFields)] = [
            ("/v1/audit-logs", [name: "key_abc123"]),
            ("/v1/manage/logs?key_id=key_abc123&since=2020-01-01T00:00:00Z", [:]),
            ("/v1/audit-logs?key_id=key_abc123&limit=all", [:]),
        ]
        for (uri, headers) in asked {
            let answer = try await scene.harness.call(.get, uri, headers: headers)
            #expect(answer.status == 200 && answer.document["logs"] == .array([]), "\(uri)")
        }
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
        #expect(answer.text.contains(#""count":1,"#))
        // Another look adds nothing; the minute's rest comes when it is over.
        _ = try harness.check("sk-canary-canary", model: "gpt-4o")
        let uri = "/v1/audit-logs?reason=invalid_api_key"
        #expect(try await harness.call(.get, uri).ids.count == 1)
        harness.clock.advance(seconds: 60)
        #expect(try await harness.call(.get, uri).ids.count == 2)
    }
}
