internal import HTTPTypes
internal import Testing
internal import TollgateAdmin

@Suite("The list of keys")
struct ListKeysTests {
    /// Ten keys, `k0` to `k9`, a second apart, behind the three of the harness.
    private func harness() async throws -> AdminHarness {
        let harness = try AdminHarness()
        for index in 0..<10 {
            harness.clock.advance(seconds: 1)
            let group = index.isMultiple(of: 2) ? "even" : "odd"
            let models = index < 3 ? #"["gpt-*"]"# : "[]"
            _ = try await harness.create(
                """
                {"name":"k\(index)","group":"\(group)","allowed_models":\(models),
                 "description":"Key Number \(index)","denied_models":["secret-*"]}
                """
            )
        }
        return harness
    }

    @Test("Pages follow one another without gaps or repetitions, the newest key first")
    func pages() async throws {
        let harness = try await harness()
        var names: [String] = []
        var uri = "/v1/keys?limit=4"
        for _ in 0..<4 {
            let answer = try await harness.call(.get, uri)
            #expect(answer.status == 200)
            names += answer.names
            guard let cursor = answer.document["next_cursor"]?.string else { break }
            uri = "/v1/keys?limit=4&cursor=\(cursor)"
        }
        #expect(names.prefix(10) == ["k9", "k8", "k7", "k6", "k5", "k4", "k3", "k2", "k1", "k0"])
        #expect(Set(names.suffix(3)) == ["administrator", "auditor", "plain"])
        #expect(names.count == 13)
    }

    @Test("The last page says so with null")
    func end() async throws {
        let answer = try await harness().call(.get, "/v1/keys")
        #expect(answer.names.count == 13)
        #expect(answer.document["next_cursor"] == .null)
    }

    @Test(
        "Filters show the keys that meet all of them",
        arguments: [
            ("name=k3", ["k3"]),
            ("group=even", ["k8", "k6", "k4", "k2", "k0"]),
            ("group=even&model=claude", ["k8", "k6", "k4"]),
            ("group=even&model=gpt-4o", ["k8", "k6", "k4", "k2", "k0"]),
            ("group=odd&model=secret-1", []),
            ("q=key+number+7", ["k7"]),
            ("q=KEY+NUMBER+5", ["k5"]),
            ("group=odd&status=disabled", []),
            ("group=odd&status=enabled&limit=2", ["k9", "k7"]),
            ("name=", ["k9"]),
        ]
    )
    func filters(query: String, names: [String]) async throws {
        let answer = try await harness().call(.get, "/v1/keys?\(query)")
        #expect(answer.status == 200)
        // An empty filter is none: then only the first is looked at here.
        #expect((query == "name=" ? Array(answer.names.prefix(1)) : answer.names) == names)
    }

    @Test("The status that is filtered by is the one that is shown")
    func status() async throws {
        let harness = try await harness()
        _ = try await harness.create(#"{"name":"short","expires_in":5}"#)
        let gone = try await harness.create(#"{"name":"gone"}"#)["id"]?.string ?? ""
        _ = try await harness.call(.delete, "/v1/keys/\(gone)")
        harness.clock.advance(seconds: 5)
        #expect(try await harness.call(.get, "/v1/keys?status=expired").names == ["short"])
        #expect(try await harness.call(.get, "/v1/keys?status=revoked").names == ["gone"])
        #expect(try await harness.call(.get, "/v1/keys?q=\(gone)").names == ["gone"])
    }
}
