internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore

@Suite("Limits of a key")
struct LimitTests {
    private let limits = """
        "rate_limits":{"per_minute":100,"per_day":900,"burst":10},
        "budget_limits":{"daily":1.5,"total":20},"token_limits":{"daily":1000},
        "request_limits":{"total":7}
        """

    private func patch(_ body: String) async throws -> JSONValue {
        let harness = try AdminHarness()
        let id = try #require(try await harness.create("{\"name\":\"a\",\(limits)}")["id"]?.string)
        let answer = try await harness.call(.patch, "/v1/keys/\(id)", body)
        try #require(answer.status == 200, "\(answer.text)")
        return answer.document
    }

    @Test("A PATCH changes what a block names and keeps the rest of it")
    func merge() async throws {
        let key = try await patch(
            #"{"rate_limits":{"per_minute":200,"strict":true},"budget_limits":{"weekly":0.1}}"#
        )
        #expect(
            key["rate_limits"]
                == ["per_minute": 200, "per_day": 900, "burst": 10, "strict": true]
        )
        #expect(
            key["budget_limits"]
                == [
                    "daily": .number("1.5"), "weekly": .number("0.1"), "total": 20,
                    "currency": "USD", "timezone": "UTC",
                ]
        )
        #expect(key["token_limits"] == ["daily": 1000])
        #expect(key["request_limits"] == ["total": 7])
    }

    @Test("Null takes one limit away, or a whole block")
    func null() async throws {
        let key = try await patch(
            #"{"rate_limits":{"per_day":null},"budget_limits":null,"token_limits":{"daily":null}}"#
        )
        #expect(key["rate_limits"] == ["per_minute": 100, "burst": 10, "strict": false])
        #expect(key["budget_limits"] == .object([]))
        #expect(key["token_limits"] == .object([]))
        #expect(key["request_limits"] == ["total": 7])
    }

    @Test(
        "Money is exact to a billionth of a dollar, however it was written",
        arguments: [
            ("0", "0"), ("1e-9", "0.000000001"), ("0.1", "0.1"), ("1.10", "1.1"), ("1E3", "1000"),
            ("123456789.123456789", "123456789.123456789"),
            ("4611686018.427387904", "4611686018.427387904"), ("-0", "0"),
        ]
    )
    func money(written: String, read: String) async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(
            #"{"name":"a","budget_limits":{"total":\#(written)}}"#
        )
        #expect(key["budget_limits"]?["total"]?.text() == read)
    }

    @Test("A limit counts for the next decision, and so does the next change of it")
    func decisions() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(#"{"name":"a","request_limits":{"total":1}}"#)
        let secret = try #require(key["api_key"]?.string)
        let id = try #require(key["id"]?.string)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .allowed)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .requestQuotaExceeded)
        _ = try await harness.call(.patch, "/v1/keys/\(id)", #"{"request_limits":{"total":2}}"#)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .allowed)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .requestQuotaExceeded)
        _ = try await harness.call(.patch, "/v1/keys/\(id)", #"{"request_limits":null}"#)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .allowed)
    }

    @Test("A policy, rules and pricing are replaced, merged, and taken away")
    func policies() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(
            """
            {"name":"a","pricing":{"tier":"paid","max_input_price":3},
             "iam_rules":[{"type":"deny_models","models":["o1*"]}],
             "policy":{"version":"2024-01-01","statements":[
                {"effect":"Deny","actions":["*"],"resources":["model:gpt-4*"]}]}}
            """
        )
        let secret = try #require(key["api_key"]?.string)
        let path = "/v1/keys/\(key["id"]?.string ?? "")"
        #expect(try harness.check(secret, model: "o1").reason == .modelNotAllowed)
        #expect(try harness.check(secret, model: "gpt-4o").reason == .policyDenied)
        let merged = try await harness.call(.patch, path, #"{"pricing":{"max_output_price":9}}"#)
        #expect(
            merged.document["pricing"]
                == ["tier": "paid", "max_input_price": 3, "max_output_price": 9]
        )
        let bare = try await harness.call(
            .patch,
            path,
            #"{"pricing":null,"iam_rules":null,"policy":null}"#
        ).document
        #expect(bare["pricing"] == .null && bare["policy"] == .null)
        #expect(bare["iam_rules"] == .array([]))
        #expect(try harness.check(secret, model: "gpt-4o").reason == .allowed)
    }

    @Test("What is only monitored is allowed")
    func monitor() async throws {
        let harness = try AdminHarness()
        let key = try await harness.create(
            #"{"name":"a","allowed_models":["o3"],"enforcement":"monitor"}"#
        )
        let verdict = try harness.check(key["api_key"]?.string ?? "", model: "gpt-4o")
        #expect(verdict.reason == .allowed && verdict.monitored == .modelNotAllowed)
    }
}
