import Testing

@testable import tollgate

@Suite("Where to ask")
struct RPCEndpointTests {
    private struct Case: CustomTestStringConvertible {
        let text: String
        let address: RPCEndpoint.Address
        var isTLS = false
        var testDescription: String { text }
    }

    private static let cases = [
        Case(text: "localhost:80", address: .tcp(host: "localhost", port: 80)),
        Case(text: "localhost", address: .tcp(host: "localhost", port: 7411)),
        Case(text: "http://10.0.0.1:9/", address: .tcp(host: "10.0.0.1", port: 9)),
        Case(text: "https://gate.corp", address: .tcp(host: "gate.corp", port: 7411), isTLS: true),
        Case(text: "[::1]:65535", address: .tcp(host: "::1", port: 65535)),
        Case(text: "https://[fe80::1]", address: .tcp(host: "fe80::1", port: 7411), isTLS: true),
        Case(text: "unix:/run/tollgate.sock", address: .unix(path: "/run/tollgate.sock")),
    ]

    @Test("Every documented form is understood", arguments: cases)
    private func understood(_ example: Case) throws {
        let endpoint = try RPCEndpoint(parsing: example.text)
        #expect(endpoint.address == example.address)
        #expect((endpoint.tls != nil) == example.isTLS)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", ":80", "a b", "host:", "host:0", "host:65536", "host:+1", "host:-1", "host:8o",
            "::1", "[::1", "[::1]x", "[]:1", "http://", "http://host/path", "user@host", "unix:",
            "unix:relative", "unix:/" + String(repeating: "a", count: 107), "h\u{e9}:1", "a\n:1",
        ]
    )
    func refused(_ text: String) throws {
        let error = #expect(throws: RPCError.self) { try RPCEndpoint(parsing: text) }
        #expect(error?.code == .unusable)
    }

    @Test("An IPv6 address stands in brackets in the authority")
    func authority() throws {
        #expect(try RPCEndpoint(parsing: "[::1]:9").authority == "[::1]:9")
        #expect(try RPCEndpoint(parsing: "gate").authority == "gate:7411")
        #expect(try RPCEndpoint(parsing: "unix:/s").authority == "localhost")
    }
}
