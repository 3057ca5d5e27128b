internal import HTTPTypes
internal import Testing
internal import TollgateAdmin

@Suite("What a change leaves alone")
struct MergeTests {
    private struct Step {
        let body: String
        let block: String
        let expected: JSONValue

        init(_ body: String, _ block: String, _ expected: JSONValue) {
            self.body = body
            self.block = block
            self.expected = expected
        }
    }

    @Test(
        "Blocks of notices merge member by member, and null takes away a member or all of a block"
    )
    func notices() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(
            """
            {"name":"a","webhooks":{"url":"https://a.example","events":["key.created"]},
             "alerts":{"budget_threshold":[50],"failed_auth_threshold":7},
             "budget_alerts":{"thresholds":[80],"notify_email":"a@example.com"},
             "anomaly":{"action":"block","factor":5}}
            """
        )
        let path = "/v1/keys/\(try #require(key["id"]?.string))"
        let events = JSONValue.array(["key.created"])
        let steps = [
            Step(
                #"{"webhooks":{"enabled":false}}"#,
                "webhooks",
                [
                    "enabled": false, "url": "https://a.example", "events": events,
                    "has_secret": false,
                ]
            ),
            Step(
                #"{"webhooks":{"enabled":null,"events":null,"has_secret":false}}"#,
                "webhooks",
                [
                    "enabled": true, "url": "https://a.example", "events": .array([]),
                    "has_secret": false,
                ]
            ),
            Step(
                #"{"alerts":{"rate_limit_percentage":90,"budget_threshold":null}}"#,
                "alerts",
                [
                    "budget_threshold": .array([]), "rate_limit_percentage": 90,
                    "failed_auth_threshold": 7, "unusual_patterns": false,
                ]
            ),
            Step(
                #"{"budget_alerts":{"thresholds":[60.0]}}"#,
                "budget_alerts",
                ["thresholds": .array([60]), "notify_email": "a@example.com"]
            ),
            Step(
                #"{"budget_alerts":{"notify_email":null}}"#,
                "budget_alerts",
                ["thresholds": .array([60]), "notify_email": .null]
            ),
            Step(
                #"{"anomaly":{"factor":null}}"#,
                "anomaly",
                ["enabled": true, "action": "block", "factor": 10]
            ),
            Step(#"{"anomaly":null}"#, "anomaly", .null),
            Step(#"{"webhooks":null}"#, "webhooks", .null),
        ]
        for step in steps {
            let answer = try await harness.call(.patch, path, step.body)
            #expect(answer.document[step.block] == step.expected, "\(step.body) \(answer.text)")
        }
        let refused = try await harness.call(
            .patch,
            path,
            #"{"webhooks":{"enabled":true,"has_secret":true}}"#
        )
        #expect(refused.status == 400 && refused.problem.contains("webhooks."))
    }

    @Test("What was read as null may be sent back, but empties nothing that is there")
    func nulls() async throws {
        let harness = try AdminHarness()
        let free = try #require(try await harness.create(#"{"name":"a"}"#)["id"]?.string)
        let body = #"{"key_type":null,"session_id":null,"name":"b"}"#
        let answer = try await harness.call(.patch, "/v1/keys/\(free)", body)
        #expect(answer.status == 200 && answer.document["name"] == "b", "\(answer.text)")
        let bound = try await harness.call(
            .post,
            "/v1/keys/temporary",
            #"{"expires_in":60,"session_id":"s"}"#
        )
        let id = try #require(bound.document["id"]?.string)
        for field in ["key_type", "session_id"] {
            let refused = try await harness.call(.patch, "/v1/keys/\(id)", "{\"\(field)\":null}")
            #expect("\(refused.status) \(refused.problem)" == "400 invalid_field \(field)")
        }
    }

    @Test("A version that has passed deletes nothing")
    func versions() async throws {
        let harness = try AdminHarness()
        try await harness.createGroups()
        let key = try #require(try await harness.create(#"{"name":"a"}"#)["id"]?.string)
        let other = try #require(try await harness.create(#"{"name":"b"}"#)["id"]?.string)
        let models = #"{"models":[{"id":"m","provider":"p"}]}"#
        #expect(try await harness.call(.put, "/v1/models", models).status == 200)
        let tagged = [
            ("/v1/keys/\(key)", "/v1/keys/\(key)"),
            ("/v1/manage/keys/\(other)", "/v1/keys/\(other)"),
            ("/v1/organizations/acme", "/v1/organizations/acme"), ("/v1/models/m", "/v1/models"),
        ]
        for (path, place) in tagged {
            let stale = try await harness.call(.delete, path, headers: [.ifMatch: "\"77\""])
            #expect(stale.status == 412, "\(path) \(stale.text)")
            let read = try await harness.call(.get, path)
            #expect(read.status == 200 && read.document["status"] != "revoked", "\(path)")
            let tag = try #require(try await harness.call(.get, place).headers[.eTag], "\(place)")
            let fresh = try await harness.call(.delete, path, headers: [.ifMatch: tag])
            #expect(fresh.status == 200, "\(path) \(fresh.text)")
        }
    }
}
