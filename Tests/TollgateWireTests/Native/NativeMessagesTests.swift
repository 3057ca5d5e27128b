import CProtobufC
import CTollgateProto
import Testing
import TollgateCore

@testable import TollgateWire

@Suite("The native messages")
struct NativeMessagesTests {
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

    @Test("A denial is what protobuf-c reads, and an empty answer denies")
    func denial() throws {
        let verdict = Verdict(denying: .modelNotAllowed, keyID: KeyID(rawValue: 5))
        var details = NativeCheckResponse.Details()
        details.retryAfterMilliseconds = 1500
        details.affordableTokens = 12
        let bytes = message {
            NativeCheckResponse.write(verdict, details, to: &$0)
            NativeCheckResponse.writeLimit(
                name: "daily",
                level: "team",
                limit: 100,
                remaining: -1,
                resetMilliseconds: 9,
                to: &$0
            )
            NativeCheckResponse.writeExplanation("model: denies", to: &$0)
        }
        let answer = try #require(
            tollgate__v1__check_response__unpack(nil, bytes.count, bytes)
        )
        defer { tollgate__v1__check_response__free_unpacked(answer, nil) }
        let read = answer.pointee
        func string(_ data: ProtobufCBinaryData) -> String {
            String(decoding: copy(data), as: UTF8.self)
        }
        #expect(read.allowed == 0)
        #expect(string(read.reason) == "model_not_allowed")
        #expect(string(read.message) == "\(Reason.modelNotAllowed.message)")
        #expect(read.http_status == 403)
        #expect(read.reservation_id.len == 0)
        #expect(string(read.key_id) == "\(KeyID(rawValue: 5))")
        #expect(read.retry_after_ms == 1500)
        #expect(read.affordable_tokens == 12)
        let limits = list(read.limits, read.n_limits)
        #expect(limits.map { $0.remaining } == [-1])
        #expect(limits.map { string($0.level) } == ["team"])
        #expect(list(read.explanation, read.n_explanation).map(string) == ["model: denies"])
    }

    @Test("A report of usage arrives, and a text in it that is none is refused")
    func settle() throws {
        let bytes = message {
            for field: UInt32 in 1...5 { $0.appendElement(field, text: "text \(field)") }
            for field: UInt32 in 6...10 { $0.appendField(field, unsigned: UInt64(field)) }
            $0.appendField(11, bool: true)
        }
        let report = try NativeSettleRequest(bytes.span)
        let ranges = [
            report.reservationID, report.model, report.provider, report.supplier, report.region,
        ]
        #expect(
            ranges.map { text(bytes.span.bytes(in: $0)) } == (1...5).map { "text \($0)" }
        )
        #expect(report.inputTokens == 6)
        #expect(report.outputTokens == 7)
        #expect(report.cachedInputTokens == 8)
        #expect(report.status == 9)
        #expect(report.latencyMilliseconds == 10)
        #expect(report.isCancelled)
        for field: UInt8 in 1...5 {
            let bad: [UInt8] = [field << 3 | 2, 1, 0]
            #expect(throws: WireError.notText) { try NativeSettleRequest(bad.span) }
        }
    }

    @Test("The answer to a report is what protobuf-c reads")
    func settled() throws {
        let bytes = message { NativeSettleResponse.write(.late, costNanos: -5, to: &$0) }
        let answer = try #require(
            tollgate__v1__settle_response__unpack(nil, bytes.count, bytes)
        )
        defer { tollgate__v1__settle_response__free_unpacked(answer, nil) }
        #expect(copy(answer.pointee.outcome) == Array("late".utf8))
        #expect(answer.pointee.cost_nanos == -5)
    }
}
