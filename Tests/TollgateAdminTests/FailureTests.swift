internal import HTTPTypes
internal import Testing
internal import TollgateAdmin

@Suite("When the store fails, and when two write at once")
struct FailureTests {
    @Test("503: a store that cannot be read or written is said, and nothing is made up")
    func unavailable() async throws {
        let harness = try AdminHarness()
        let id = try #require(try await harness.create(#"{"name":"a"}"#)["id"]?.string)
        harness.catalogue.breaks(true)
        let requests: [(HTTPRequest.Method, String, String?)] = [
            (.post, "/v1/keys", #"{"name":"b"}"#), (.get, "/v1/keys", nil),
            (.get, "/v1/keys/\(id)", nil), (.patch, "/v1/keys/\(id)", #"{"name":"b"}"#),
            (.delete, "/v1/keys/\(id)", nil), (.post, "/v1/keys/\(id)/disable", nil),
        ]
        for (method, path, body) in requests {
            let answer = try await harness.call(method, path, body)
            #expect(answer.status == 503, "\(method) \(path)")
            #expect(answer.problem == "unavailable")
            #expect(answer.headers[.retryAfter] == "1")
        }
        harness.catalogue.breaks(false)
        let key = try await harness.call(.get, "/v1/keys/\(id)").document
        #expect(key["name"] == "a")
        #expect(key["version"] == 1)
    }

    @Test("Merges at the same time all count")
    func concurrentMerges() async throws {
        let harness = try AdminHarness()
        let id = try #require(try await harness.create(#"{"name":"a"}"#)["id"]?.string)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let body = #"{"metadata":{"m\#(number)":"x"}}"#
                    return try await harness.call(.patch, "/v1/keys/\(id)", body).status
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let key = try await harness.call(.get, "/v1/keys/\(id)").document
        guard case .object(let members) = key["metadata"] ?? .null else {
            Issue.record("no metadata")
            return
        }
        #expect(statuses == Array(repeating: 200, count: 6))
        #expect(members.map(\.name) == (0..<6).map { "m\($0)" })
    }
}
