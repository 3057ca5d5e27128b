import CProtobufC
import CTollgateProto
import Testing

@testable import TollgateCore
@testable import TollgateWire

@Suite("The native answer")
struct NativeCheckResponseTests {
    /// What protobuf-c finds in an answer.
    private struct Reading: Equatable {
        var allowed = false
        var texts: [String] = []
        var numbers: [Int64] = []
        var limits: [String] = []
        var explanation: [String] = []
    }

    private func read(_ bytes: [UInt8]) throws -> Reading {
        let answer = try #require(
            tollgate__v1__check_response__unpack(nil, bytes.count, bytes)
        )
        defer { tollgate__v1__check_response__free_unpacked(answer, nil) }
        let read = answer.pointee
        func string(_ data: ProtobufCBinaryData) -> String {
            String(decoding: copy(data), as: UTF8.self)
        }
        var reading = Reading()
        reading.allowed = read.allowed != 0
        reading.texts = [
            read.reason, read.message, read.reservation_id, read.key_id, read.monitored_reason,
        ].map(string)
        reading.numbers = [
            Int64(read.http_status), read.reserved_cost_nanos,
            Int64(bitPattern: read.retry_after_ms), Int64(bitPattern: read.affordable_tokens),
        ]
        reading.limits = list(read.limits, read.n_limits).map { limit in
            "\(string(limit.name)) \(string(limit.level)) \(limit.remaining) of \(limit.limit),"
                + " \(limit.reset_ms)"
        }
        reading.explanation = list(read.explanation, read.n_explanation).map(string)
        return reading
    }

    private func expected(_ verdict: Verdict, _ report: LimitReport) -> Reading {
        var reading = Reading()
        reading.allowed = verdict.isAllowed
        reading.texts = [
            "\(verdict.reason.code)", "So it is.", "\(verdict.reservation)",
            verdict.keyID?.description ?? "", "\(verdict.monitored.code)",
        ]
        reading.numbers = [
            418, verdict.charge?.amounts.cost ?? 0,
            Int64(bitPattern: verdict.limit?.retryAfter ?? 0),
            Int64(bitPattern: verdict.affordableTokens),
        ]
        reading.limits = (0..<report.count).map { place in
            let state = report[place]
            return "\(state.name.text) \(state.level.text) \(state.remaining) of \(state.limit),"
                + " \(state.reset)"
        }
        reading.explanation = ["one", ""]
        return reading
    }

    private func bytes(_ verdict: Verdict, _ report: LimitReport) -> [UInt8] {
        var output = OutputBuffer(capacity: 1)
        NativeCheckResponse.write(verdict, status: 418, limits: report, to: &output) {
            $0.append("So it is.")
        }
        NativeCheckResponse.writeExplanation("one", to: &output)
        NativeCheckResponse.writeExplanation("", to: &output)
        return array(output.bytes)
    }

    @Test("Whatever is decided, protobuf-c reads what was written")
    func differential() throws {
        var random = SeededGenerator(seed: 3)
        var reasons: Set<Reason> = []
        var mostLimits = 0
        for _ in 0..<2000 {
            let subject = try subject(&random)
            var request = CheckRequest()
            request.tokens = UInt64.random(in: 0...3000, using: &random)
            request.isDryRun = Bool.random(using: &random)
            let now = Now(
                wall: WallTime(milliseconds: 1_700_000_000_000),
                monotonic: MonotonicTime(nanoseconds: 7)
            )
            let verdict = Decide.verdict(
                on: request,
                by: subject,
                price: .known(ModelPrice(input: 2_500_000, output: 10_000_000)),
                at: now,
                reservation: ReservationID(rawValue: .random(in: 1...(.max), using: &random))
            )
            var report = LimitReport()
            report.read(subject.chain, at: now, denied: verdict.limit)
            #expect(try read(bytes(verdict, report)) == expected(verdict, report))
            reasons.insert(verdict.isAllowed ? verdict.monitored : verdict.reason)
            mostLimits = max(mostLimits, report.count)
        }
        // Otherwise the random keys would show less than they seem to.
        #expect(reasons.count >= 6)
        #expect(mostLimits == LimitReport.capacity)
    }

    @Test("Nothing is lost at the ends of the numbers")
    func extremes() throws {
        let verdict = Verdict(
            denying: Objection(
                .budgetExceeded,
                limit: LimitDenial(limit: .balance, level: .organization, retryAfter: .max),
                affordableTokens: .max
            ),
            keyID: KeyID(rawValue: .max)
        )
        let report = LimitReport()
        #expect(try read(bytes(verdict, report)) == expected(verdict, report))
    }

    @Test("An empty answer denies")
    func empty() throws {
        #expect(try read([]).allowed == false)
    }

    /// A key with random limits, and what it has used of them.
    private func subject(_ random: inout SeededGenerator) throws -> DecisionSubject {
        func amount(_ highest: UInt64) -> UInt64? {
            Bool.random(using: &random) ? nil : .random(in: 1...highest, using: &random)
        }
        func money() -> Money? { amount(100_000_000).map { Money(nanos: Int64($0)) } }
        func meter(_ level: LimitLevel) throws -> Meter {
            var settings = LimitSettings()
            settings.rates.perMinute = amount(50)
            settings.rates.perDay = amount(50)
            settings.rates.tokensPerMinute = amount(5000)
            settings.rates.concurrent = amount(20)
            settings.budgets.daily = money()
            settings.budgets.total = money()
            settings.tokens.daily = amount(20_000)
            settings.tokens.perRequestMax = amount(5000)
            settings.requests.total = amount(20)
            let used = Amounts(
                requests: .random(in: 0...10, using: &random),
                tokens: .random(in: 0...10_000, using: &random),
                cost: .random(in: 0...50_000_000, using: &random)
            )
            let meter = Meter(
                id: SubjectID(rawValue: UInt128(level.rawValue)),
                level: level,
                rules: try LimitRules(settings, zones: .utcOnly),
                counters: Counters()
            )
            meter.rollWindows(to: WallTime(milliseconds: 1_700_000_000_000))
            meter.counters.count(used, in: meter.windows)
            return meter
        }
        var record = KeyRecord(
            id: KeyID(rawValue: .random(in: 0...(.max), using: &random)),
            name: "key",
            createdAt: WallTime(milliseconds: 0)
        )
        if Int.random(in: 0..<4, using: &random) == 0 { record.enforcement = .monitor }
        return DecisionSubject(
            rules: try KeyRules(record, zones: .utcOnly),
            chain: MeterChain(
                key: try meter(.key),
                team: try meter(.team),
                organization: try meter(.organization)
            )
        )
    }
}
