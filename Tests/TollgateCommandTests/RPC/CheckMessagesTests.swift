import Testing
import TollgateWire

@testable import TollgateCore
@testable import tollgate

@Suite("The messages of a check, as the client writes and reads them")
struct CheckMessagesTests {
    private static var question: CheckQuestion {
        var question = CheckQuestion()
        question.key = "tg_live_secret"
        question.model = "gpt-4o"
        question.region = "EU"
        question.tokens = .max
        question.inputTokens = 300
        question.provider = "openai"
        question.supplier = "openai-eu"
        question.action = "embeddings:create"
        question.clientIP = "2001:db8::1"
        question.userAgent = "caf\u{e9}/1"
        question.requestID = "r-1"
        question.metadata = ["team": "a", "cost": ""]
        question.isDryRun = true
        question.wantsExplanation = true
        return question
    }

    @Test("The server reads every field as it was meant")
    func everyField() throws {
        var request = CheckRequest()
        try NativeCheckRequest.read(Self.question.encoded().span, into: &request)
        func text(_ field: CheckRequest.Field) -> String {
            request[field].withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        }
        let texts = CheckRequest.Field.allCases.map { text($0) }
        #expect(
            texts == [
                "gpt-4o", "EU", "openai", "openai-eu", "embeddings:create", "caf\u{e9}/1", "r-1",
            ]
        )
        let secret = request.secret.bytes.withUnsafeBufferPointer { Array($0) }
        #expect(secret == Array("tg_live_secret".utf8))
        let clientIP = request.clientIP
        #expect(clientIP == IPAddress("2001:db8::1"))
        let tokens = request.tokens
        #expect(tokens == .max)
        let inputTokens = request.inputTokens
        #expect(inputTokens == 300)
        let isDryRun = request.isDryRun
        #expect(isDryRun)
        let wantsExplanation = request.wantsExplanation
        #expect(wantsExplanation)
        let metadata = request.metadata.bytes.withUnsafeBufferPointer { Array($0) }
        #expect(metadata == Array("\0\u{4}cost\0\0\0\u{4}team\0\u{1}a".utf8))
    }

    @Test("An empty question is an empty message")
    func emptyQuestion() {
        #expect(CheckQuestion().encoded().isEmpty)
    }

    /// A denial whose key has used more of a limit than it allows.
    private static func answer() throws -> [UInt8] {
        var settings = LimitSettings()
        settings.rates.perDay = 100
        let meter = Meter(
            id: SubjectID(rawValue: 1),
            level: .key,
            rules: try LimitRules(settings, zones: .utcOnly),
            counters: Counters()
        )
        let now = Now(
            wall: WallTime(milliseconds: 86_399_991),
            monotonic: MonotonicTime(nanoseconds: 0)
        )
        meter.rollWindows(to: now.wall)
        meter.counters.count(Amounts(requests: 101), in: meter.windows)
        var report = LimitReport()
        report.read(MeterChain(key: meter), at: now)
        let verdict = Verdict(
            denying: Objection(
                .rateLimited,
                limit: LimitDenial(limit: .perDay, level: .key, retryAfter: 60_000),
                affordableTokens: 7
            ),
            keyID: KeyID(rawValue: 1)
        )
        var output = OutputBuffer()
        NativeCheckResponse.write(verdict, status: 429, limits: report, to: &output) {
            $0.append("So it is.")
        }
        // Only an allow has a cost.
        output.appendField(7, signed: -5)
        NativeCheckResponse.writeExplanation("model: denies", to: &output)
        NativeCheckResponse.writeExplanation("", to: &output)
        return output.bytes.withUnsafeBufferPointer { Array($0) }
    }

    @Test("Every field of an answer is read as the server meant it")
    func everyFieldOfAnAnswer() throws {
        let answer = try CheckAnswer(decoding: Self.answer())
        #expect(!answer.isAllowed)
        #expect(answer.reason == "rate_limited")
        #expect(answer.message == "So it is.")
        #expect(answer.httpStatus == 429)
        #expect(answer.keyID == KeyID(rawValue: 1).description)
        #expect(answer.reservationID.isEmpty)
        #expect(answer.reservedCostNanos == -5)
        #expect(answer.retryAfterMilliseconds == 60_000)
        #expect(answer.affordableTokens == 7)
        #expect(answer.limits.map(\.name) == ["rate_limits.per_day"])
        #expect(answer.limits.map(\.level) == ["key"])
        #expect(answer.limits.map(\.limit) == [100])
        #expect(answer.limits.map(\.remaining) == [-1])
        #expect(answer.limits.map(\.resetMilliseconds) == [9])
        #expect(answer.explanation == ["model: denies", ""])
    }

    @Test("An answer without fields is a denial")
    func emptyAnswer() throws {
        #expect(try !CheckAnswer(decoding: []).isAllowed)
    }

    @Test("A field of a later version is passed over")
    func unknownField() throws {
        #expect(try CheckAnswer(decoding: [0xA2, 0x06, 0x01, 0x61, 0x08, 0x01]).isAllowed)
    }

    @Test("An answer that is cut off inside a field is refused, wherever that is")
    func everyTruncation() throws {
        let whole = try Self.answer()
        var refused = 0
        for count in 0..<whole.count {
            // A cut between two fields is a shorter message, and still a denial.
            guard let answer = try? CheckAnswer(decoding: Array(whole[..<count])) else {
                refused += 1
                continue
            }
            #expect(!answer.isAllowed)
        }
        #expect(refused > whole.count / 2)
    }

    @Test(
        "A message with another meaning of a field is refused",
        arguments: [
            [0x0A, 0x01, 0x01], [0x10, 0x01], [0x12, 0x01, 0xFF], [0x52, 0x02, 0x0A, 0x05],
            [0x03], [0x00], [0x12, 0x01, 0x00],
        ] as [[UInt8]]
    )
    func refused(_ bytes: [UInt8]) {
        let error = #expect(throws: RPCError.self) { try CheckAnswer(decoding: bytes) }
        #expect(error?.code == .malformed)
    }
}
