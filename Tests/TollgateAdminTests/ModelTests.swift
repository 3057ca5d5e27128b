internal import HTTPTypes
internal import Testing
internal import TollgateAdmin
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@Suite("Models")
struct ModelTests {
    private func model(_ id: String, _ harness: AdminHarness) async throws -> JSONValue? {
        let answer = try await harness.call(.get, "/v1/models?q=\(id)")
        guard case .array(let models)? = answer.document["models"] else { return nil }
        return models.first { $0["id"] == .string(id) }
    }

    private let gpt: JSONValue = [
        "id": "gpt-4o", "provider": "openai", "aliases": .array(["four-o"]),
        "input_price": .number("2.5"), "output_price": 10,
        "cached_input_price": .number("0.000001"), "max_output_tokens": 16_384,
        "suppliers": .array([["name": "openai-eu", "region": "EU"], ["name": "other"]]),
    ]

    @Test("What is put reads as it was written, over what the catalogue said")
    func put() async throws {
        let harness = try AdminHarness()
        let before = try await harness.call(.get, "/v1/models?limit=1000").ids
        let body: JSONValue = [
            "models": .array([gpt, ["id": "vendor/new", "provider": "v", "aliases": .array([])]])
        ]
        let answer = try await harness.call(.put, "/v1/models", body.text())
        #expect(answer.status == 200)
        #expect(answer.document == body)
        #expect(try await model("gpt-4o", harness) == gpt)
        let after = try await harness.call(.get, "/v1/models?limit=1000").ids
        #expect(after == (before + ["vendor/new"]).sorted())
    }

    @Test("A model that is deleted is gone, whoever brought it, until it is put again")
    func delete() async throws {
        let harness = try AdminHarness()
        let put = #"{"models":[{"id":"vendor/new","provider":"v"}]}"#
        _ = try await harness.call(.put, "/v1/models", put)
        for (path, id) in [("GPT-4o", "gpt-4o"), ("vendor%2Fnew", "vendor/new")] {
            #expect(try await harness.call(.delete, "/v1/models/\(path)").status == 200)
            #expect(try await model(id, harness) == nil)
            #expect(try await harness.call(.delete, "/v1/models/\(path)").status == 404)
        }
        _ = try await harness.call(.put, "/v1/models", put)
        #expect(try await model("vendor/new", harness) != nil)
    }

    @Test("What is put and deleted is recorded: who, which, and the fields that are different")
    func recorded() async throws {
        let harness = try AdminHarness()
        let before = harness.actions.all.count
        let put = #"{"models":[{"id":"vendor/new","provider":"v"},{"id":"b","provider":"v"}]}"#
        _ = try await harness.call(.put, "/v1/models", put)
        let priced = #"{"models":[{"id":"b","provider":"v","input_price":1,"output_price":2}]}"#
        _ = try await harness.call(.put, "/v1/models", priced)
        _ = try await harness.call(.delete, "/v1/models/B")
        _ = try await harness.call(.delete, "/v1/models/none")
        let actions = harness.actions.all.dropFirst(before)
        #expect(actions.map(\.name) == ["models.updated", "models.updated", "models.deleted"])
        #expect(actions.map(\.target) == ["vendor/new, b", "b", "b"])
        #expect(actions.map(\.fields) == [["provider"], ["input_price", "output_price"], []])
        #expect(actions.allSatisfy { $0.actor != nil })
    }

    @Test("Prices are exact, and what is below a pico-USD for a token is rounded up")
    func prices() async throws {
        let harness = try AdminHarness()
        let rows = [
            ("0", "0"), ("1", "1"), ("2.5e-1", "0.25"), ("0.000001", "0.000001"),
            ("0.0000001", "0.000001"), ("0.0000011", "0.000002"),
            ("1099511.627776", "1099511.627776"),
        ]
        for (written, read) in rows {
            let body =
                #"{"models":[{"id":"m","provider":"p","input_price":\#(written),"output_price":0}]}"#
            let answer = try await harness.call(.put, "/v1/models", body)
            #expect(answer.status == 200)
            #expect(try await model("m", harness)?["input_price"]?.text() == read, "\(written)")
        }
    }

    @Test("Lists go by id, in pages, and filter by provider and by a part of any name")
    func list() async throws {
        let harness = try AdminHarness()
        let all = try await harness.call(.get, "/v1/models?limit=1000").ids
        #expect(all == all.sorted())
        var ids: [String] = []
        var uri: String? = "/v1/models?limit=10"
        while let next = uri {
            let answer = try await harness.call(.get, next)
            ids += answer.ids
            uri = answer.document["next_cursor"]?.string.map { "/v1/models?limit=10&cursor=\($0)" }
        }
        #expect(ids == all)
        let anthropic = try await harness.call(.get, "/v1/models?provider=anthropic").ids
        #expect(!anthropic.isEmpty && anthropic.allSatisfy { $0.hasPrefix("claude") })
    }

    @Test("503: what cannot be written does not count")
    func unavailable() async throws {
        let harness = try AdminHarness()
        harness.modelStore.breaks(true)
        let answer = try await harness.call(
            .put,
            "/v1/models",
            #"{"models":[{"id":"m","provider":"p"}]}"#
        )
        #expect(answer.status == 503)
        #expect(try await harness.call(.delete, "/v1/models/gpt-4o").status == 503)
        #expect(try await model("m", harness) == nil)
        #expect(try await model("gpt-4o", harness) != nil)
    }
}
