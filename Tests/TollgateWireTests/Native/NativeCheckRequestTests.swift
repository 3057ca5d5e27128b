import Testing
import TollgateCore

@testable import TollgateWire

@Suite("The native question")
struct NativeCheckRequestTests {
    private func message(_ build: (inout OutputBuffer) -> Void) -> [UInt8] {
        var output = OutputBuffer()
        build(&output)
        return array(output.bytes)
    }

    private func error(_ build: (inout OutputBuffer) -> Void) -> WireError? {
        let bytes = message(build)
        var request = CheckRequest()
        do throws(WireError) {
            try NativeCheckRequest.read(bytes.span, into: &request)
            return nil
        } catch {
            return error
        }
    }

    @Test("Every field of a question arrives")
    func question() throws {
        let bytes = message {
            $0.appendElement(1, text: "tg_secret")
            for (field, text) in [
                (2, "gpt-4o"), (3, "EU"), (6, "openai"), (7, "openai-eu"), (8, "embeddings:create"),
                (9, "203.0.113.9"), (10, "curl/8"), (11, "id-1"),
            ] as [(UInt32, String)] { $0.appendElement(field, text: text) }
            $0.appendField(4, unsigned: .max)
            $0.appendField(5, unsigned: 7)
            $0.appendElement(12) {
                $0.appendElement(1, text: "k")
                $0.appendElement(2, text: "v")
            }
            $0.appendField(13, bool: true)
            $0.appendField(14, bool: true)
            $0.appendField(99, unsigned: 1)
        }
        var request = CheckRequest()
        try NativeCheckRequest.read(bytes.span, into: &request)
        let secret = text(request.secret.bytes)
        #expect(secret == "tg_secret")
        let (credentials, address) = (request.credentials, request.clientIP)
        #expect(credentials == .presented)
        #expect(address == IPAddress("203.0.113.9"))
        let (tokens, inputTokens) = (request.tokens, request.inputTokens)
        #expect(tokens == .max)
        #expect(inputTokens == 7)
        var fields: [String] = []
        for field in CheckRequest.Field.allCases { fields.append(text(request[field])) }
        #expect(
            fields == [
                "gpt-4o", "EU", "openai", "openai-eu", "embeddings:create", "curl/8", "id-1",
            ]
        )
        let metadata = array(request.metadata.bytes)
        #expect(metadata == [0, 1, 0x6B, 0, 1, 0x76])
        let flags = (request.isDryRun, request.wantsExplanation)
        #expect(flags == (true, true))
    }

    @Test("An empty question has no key, and asks for a chat completion")
    func emptyQuestion() throws {
        let empty: [UInt8] = []
        var request = CheckRequest()
        try NativeCheckRequest.read(empty.span, into: &request)
        let (credentials, address) = (request.credentials, request.clientIP)
        #expect(credentials == .missing)
        #expect(address == nil)
        let action = text(request[.action])
        #expect(action == "chat:completions")
    }

    @Test("Of a field that comes again and again the last one counts")
    func lastWins() throws {
        let bytes = message {
            for _ in 0..<100 { $0.appendElement(2, text: String(repeating: "x", count: 200)) }
            $0.appendElement(2, text: "gpt-4o")
        }
        var request = CheckRequest()
        try NativeCheckRequest.read(bytes.span, into: &request)
        let model = text(request[.model])
        #expect(model == "gpt-4o")
    }

    @Test("Texts that are none, too long or no address are refused, not cut")
    func refusals() {
        for field: UInt32 in [1, 2, 3, 6, 7, 8, 10, 11] {
            for bad in [[0x61, 0, 0x62], [0xC3]] as [[UInt8]] {
                #expect(error { $0.appendElement(field, bytes: bad.span) } == .notText)
            }
            #expect(error { $0.appendElement(field, unsigned: 1) } == .wrongType)
        }
        for field: UInt32 in [2, 3, 6, 7, 8, 10, 11] {
            let long = String(repeating: "x", count: 257)
            #expect(error { $0.appendElement(field, text: long) } == .tooLong)
        }
        #expect(error { $0.appendElement(9, text: "203.0.113.9:80") } == .badValue)
        let pair = message { $0.appendElement(1, text: String(repeating: "x", count: 5000)) }
        #expect(error { $0.appendElement(12, bytes: pair.span) } == .badValue)
    }
}
