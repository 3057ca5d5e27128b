import Testing

@testable import TollgateWire

@Suite("Envoy's CheckRequest")
struct EnvoyCheckRequestTests {
    private func read(_ name: String) throws -> (EnvoyCheckRequest, [UInt8]) {
        let message = try Files.message(name)
        return (try EnvoyCheckRequest(message.span), message)
    }

    @Test(
        "Headers are read alike from the map and as raw headers",
        arguments: ["request-bare", "request-raw-headers"]
    )
    func headers(name: String) throws {
        let (request, message) = try read(name)
        func text(_ range: ByteRange) -> String {
            String(decoding: message[Int(range.start)...].prefix(Int(range.count)), as: UTF8.self)
        }
        #expect(text(request.method) == "POST")
        #expect(text(request.path) == "/v1/chat/completions?trace=1")
        #expect(text(request.host) == "gateway.example")
        #expect(text(request.peerAddress) == "198.51.100.7")
        let headers = request.headers
        #expect(headers.authorization.count == 1)
        #expect(
            text(headers.authorization.first) == "Bearer tg_live_0123456789ABCDEFGHIJKLMNOPQ0abcde"
        )
        #expect(text(headers.xAPIKey.first) == "second-key")
        #expect(headers.apiKey.count == 0)
        #expect(text(headers.userAgent) == "curl/7.88.1")
        #expect(text(headers.contentType) == "application/json")
        #expect(text(headers.requestID) == "a7ee0a60-2c00-4287-81b7-7bff970fdd5a")
        #expect(text(headers.forwardedFor.last) == "203.0.113.9, 10.0.0.1")
        #expect(!headers.hasPartialBody)
        #expect(request.body.isEmpty)
        #expect(request.requestInfo.model.isEmpty)
        #expect(request.principal.isEmpty)
    }

    @Test(
        "One header is found by its name in either form, and none where there is none",
        arguments: ["request-bare", "request-raw-headers"]
    )
    func search(name: String) throws {
        let message = try Files.message(name)
        let found = EnvoyHeaderSearch.value(of: "x-request-id", in: message.span)
        #expect(
            found.map { String(decoding: $0, as: UTF8.self) }
                == "a7ee0a60-2c00-4287-81b7-7bff970fdd5a"
        )
        #expect(EnvoyHeaderSearch.value(of: "traceparent", in: message.span) == nil)
        for count in 0..<message.count {
            let cut = Array(message[..<count])
            _ = EnvoyHeaderSearch.value(of: "traceparent", in: cut.span)
        }
    }

    @Test("A body is found whichever way the proxy packs it")
    func bodies() throws {
        let (whole, message) = try read("request-body")
        #expect(text(message.span.bytes(in: whole.body)) == #"{"model":"gpt-4o","messages":[]}"#)
        #expect(whole.size == 32)
        #expect(!whole.headers.hasPartialBody)

        let (partial, bytes) = try read("request-raw-body")
        #expect(array(bytes.span.bytes(in: partial.body)).last == 0xFF)
        #expect(partial.size == 2084)
        #expect(partial.headers.hasPartialBody)
    }

    @Test("What the operator sets and what a client claims stay apart")
    func names() throws {
        let (request, message) = try read("request-names")
        func text(_ range: ByteRange) -> String {
            String(decoding: message[Int(range.start)...].prefix(Int(range.count)), as: UTF8.self)
        }
        func all(_ names: RequestNames) -> [String] {
            [names.model, names.region, names.provider, names.supplier, names.action, names.tokens]
                .map(text)
        }
        let fields = ["model", "region", "provider", "supplier", "action"]
        #expect(all(request.extensions) == fields.map { "operator-\($0)" } + [""])
        #expect(
            all(request.headers.tollgate) == (fields + ["tokens"]).map { "client-\($0)" }
        )
        #expect(text(request.principal) == "spiffe://example/gateway")
    }

    @Test(
        "The findings of the proxy's own filters are read in both forms",
        arguments: [("request-info-struct", 34), ("request-info-typed", 33)]
    )
    func requestInfo(name: String, estimate: UInt64) throws {
        let (request, message) = try read(name)
        #expect(text(message.span.bytes(in: request.requestInfo.model)) == "gpt-4o")
        #expect(request.requestInfo.stream == true)
        #expect(request.requestInfo.maxOutputTokens == 64)
        #expect(request.requestInfo.estimatedInputTokens == estimate)
    }
}
