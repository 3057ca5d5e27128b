internal import HTTPTypes
internal import Testing

@testable internal import TollgateAdmin

@Suite("What tells requests apart in logs")
struct RequestTraceTests {
    private static func headers(_ name: String, _ value: String) throws -> HTTPFields {
        var headers = HTTPFields()
        headers[try #require(HTTPField.Name(name))] = value
        return headers
    }

    @Test(
        "A caller's id is taken when it can be written into a log as it is",
        arguments: ["1", "a-B_c.d:9", String(repeating: "x", count: 128)]
    )
    func sane(id: String) throws {
        #expect(RequestTrace(try Self.headers("x-request-id", id)).id == id)
    }

    @Test(
        "Any other id is replaced by a new one of 32 digits",
        arguments: ["", "a b", "a\"b", "a=b", "\u{e9}", String(repeating: "x", count: 129)]
    )
    func insane(id: String) throws {
        let (one, other) = (
            RequestTrace(try Self.headers("x-request-id", id)).id, RequestTrace([:]).id
        )
        #expect(one.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        #expect(one != other)
    }

    @Test(
        "A trace's id is read from a well-formed traceparent only",
        arguments: [
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true),
            ("42-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-more", true),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false),
            ("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false),
            ("00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01", false), ("", false),
            ("----", false),
        ]
    )
    func trace(header: String, isTaken: Bool) throws {
        let trace = RequestTrace(try Self.headers("traceparent", header))
        #expect(trace.traceID == (isTaken ? "0af7651916cd43dd8448eb211c80319c" : nil))
    }

    @Test("Every answer says the id of its request, refusals too")
    func answers() async throws {
        let harness = try AdminHarness()
        let name = try #require(HTTPField.Name("x-request-id"))
        let headers = try Self.headers("x-request-id", "mine-1")
        for (path, caller) in [
            ("/healthz", AdminHarness.Caller.nobody), ("/v1/keys", .admin), ("/v1/keys", .nobody),
            ("/none", .nobody),
        ] {
            let answer = try await harness.call(.get, path, as: caller, headers: headers)
            #expect(answer.headers[name] == "mine-1")
            let other = try await harness.call(.get, path, as: caller)
            #expect(other.headers[name]?.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        }
    }
}
