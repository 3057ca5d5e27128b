import Testing

@testable import TollgateWire

@Suite("Envoy's CheckResponse")
struct EnvoyCheckResponseTests {
    @Test("A denial is what Envoy's own encoder would write")
    func denial() throws {
        var response = EnvoyCheckResponseWriter(capacity: 1)
        response.beginDenial(status: 403, message: "model_not_allowed")
        response.header("content-type") { $0.append("application/json") }
        response.header("x-tollgate-reason", Array("model_not_allowed".utf8).span)
        response.body {
            for _ in 0..<5 { $0.append(#"{"error":{"code":"model_not_allowed"}}"#) }
        }
        response.metadata("reason") { $0.append("model_not_allowed") }
        response.finish()
        #expect(array(response.bytes) == (try Files.message("response-denial")))
    }

    @Test("An allow is what Envoy's own encoder would write, with its code spelled out")
    func allow() throws {
        var response = EnvoyCheckResponseWriter()
        for _ in 0..<2 {
            response.beginAllow()
            response.header("x-tollgate-key-id") { $0.append("key_00000000000000000000000001") }
            response.removeHeader("authorization")
            response.removeHeader("x-api-key")
            response.responseHeader("x-ratelimit-remaining-requests") { $0.appendDecimal(59) }
            response.metadata("tokens", number: 1500)
            response.finish()
        }
        #expect(array(response.bytes) == (try Files.message("response-allow")))
    }

    @Test("An allow that is not finished denies")
    func unfinishedAllow() {
        var response = EnvoyCheckResponseWriter()
        response.beginAllow()
        response.header("x-tollgate-key-id") { $0.append("key_1") }
        #expect(Array(array(response.bytes).prefix(4)) == [0x0A, 0x02, 0x08, 0x07])
    }
}
