internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("The decision")
struct VerdictTests {
    @Test("says what the tables say", arguments: try DecisionTable.all())
    func table(_ line: DecisionCase) throws {
        var request = CheckRequest()
        try line.fill(&request)
        let verdict = try decide(request, line)
        #expect(verdict.reason == line.expected)
        #expect(verdict.isAllowed == (line.expected == .allowed))
        #expect(verdict.keyID == (line.isKnown ? line.record.id : nil))
    }

    @Test("has a case in the tables for every reason that it gives")
    func tablesAreComplete() throws {
        let given: Set<Reason> = [
            .allowed, .missingAPIKey, .invalidAPIKey, .keyDisabled, .keyExpired, .keyRevoked,
            .ambiguousCredentials, .ipNotAllowed, .modelNotAllowed, .providerNotAllowed,
            .supplierNotAllowed, .regionNotAllowed, .actionNotAllowed, .requestTooLarge,
        ]
        let cases = try DecisionTable.all()
        #expect(Set(cases.map(\.expected)) == given)
        #expect(cases.count >= 80)
    }

    @Test(
        "refuses a table that is not written as it should be",
        arguments: [
            "model=a => no_such_reason", "colour=red => allowed", "model => allowed",
            "no_such_rule: x", "nonsense", "expires_at: soon", "status: tired",
            "credentials=perhaps => allowed", "ip=nowhere => allowed", "at=noon => allowed",
        ]
    )
    func badTables(_ line: String) {
        #expect(throws: (any Error).self) {
            let cases = try DecisionTable.cases(named: "planted", lines: [line[...]])
            for line in cases {
                var request = CheckRequest()
                try line.fill(&request)
            }
        }
    }

    @Test("gives a reservation to what is allowed, and to nothing else")
    func reservations() throws {
        for line in try DecisionTable.all() where line.isKnown {
            var request = CheckRequest()
            try line.fill(&request)
            let verdict = try decide(request, line)
            let isHeld = verdict.isAllowed && !request.isDryRun
            #expect(verdict.reservation == (isHeld ? Self.reservation : .none), "\(line.place)")
        }
    }

    @Test("is the same for the same question, rules and time")
    func isPure() throws {
        for line in try DecisionTable.all() {
            var request = CheckRequest()
            try line.fill(&request)
            let first = try decide(request, line)
            let second = try decide(request, line)
            #expect(first.reason == second.reason)
        }
    }

    @Test("is what its explanation says, on random keys and requests")
    func explanations() throws {
        var random = SeededGenerator(seed: 11)
        var reasons: Set<Reason> = []
        for _ in 0..<4000 {
            let rules = try KeyRules(randomRecord(&random), zones: .utcOnly)
            var request = CheckRequest()
            try fill(&request, &random)
            let now = Now(
                wall: WallTime(milliseconds: Int64(random.number(in: 0...20))),
                monotonic: MonotonicTime(nanoseconds: 0)
            )
            let subject = DecisionSubject(rules: rules, chain: .alone(rules))
            let verdict = Decide.verdict(
                on: request,
                by: subject,
                price: Self.price,
                at: now,
                reservation: Self.reservation
            )
            let lines = Decide.explanation(of: request, by: subject, price: Self.price, at: now)
            let denial = lines.first { $0.contains("denies") }
            let expected = verdict.isAllowed ? nil : "denies (\(verdict.reason.code))"
            #expect(denial.map { $0.drop { $0 != " " }.dropFirst() } == expected?[...])
            #expect(lines.count == 8)
            reasons.insert(verdict.reason)
        }
        // Otherwise the random inputs would show less than they seem to.
        #expect(reasons.count == 10)
    }

    @Test("is what its explanation says, where a supplier is set up or is not")
    func supplierExplanations() throws {
        let cases = try DecisionTable.all().filter { $0.place.hasPrefix("suppliers.txt") }
        #expect(cases.count >= 30)
        for line in cases where line.record.enforcement == .enforce {
            var request = CheckRequest()
            try line.fill(&request)
            let rules = try KeyRules(line.record, zones: .utcOnly)
            let lines = Decide.explanation(
                of: request,
                by: DecisionSubject(rules: rules, chain: .alone(rules)),
                price: Self.price,
                supplier: line.supplier,
                at: Now(wall: line.time, monotonic: MonotonicTime(nanoseconds: 0))
            )
            let denial = lines.first { $0.contains("denies") } ?? "denies ()"
            #expect(denial.hasSuffix("denies (\(line.expected.code))"), "\(line.place)")
        }
    }

    @Test("cannot deny with the reason for allowing")
    func denialNeedsAReason() async {
        await #expect(processExitsWith: .failure) {
            _ = Verdict(denying: Reason.allowed, keyID: nil)
        }
    }

    private static let reservation = ReservationID(rawValue: 42)
    private static let price = RequestPrice.unknown(.denyWhenBudgeted)

    private func decide(_ request: borrowing CheckRequest, _ line: DecisionCase) throws -> Verdict {
        guard line.isKnown else { return Decide.verdict(withoutKey: request.credentials) }
        let rules = try KeyRules(line.record, zones: .utcOnly)
        return Decide.verdict(
            on: request,
            by: DecisionSubject(rules: rules, chain: .alone(rules)),
            price: Self.price,
            supplier: line.supplier,
            at: Now(wall: line.time, monotonic: MonotonicTime(nanoseconds: 0)),
            reservation: Self.reservation
        )
    }

    private func randomRecord(_ random: inout SeededGenerator) -> KeyRecord {
        func lists() -> NameLists {
            NameLists(
                allowed: random.isOnce(in: 2) ? [] : [random.text(2, of: "ab*"), "*a"],
                denied: random.isOnce(in: 4) ? [random.text(2, of: "ab*")] : []
            )
        }
        return .sample { record in
            record.models = lists()
            record.providers = lists()
            record.suppliers = lists()
            record.regions = lists()
            record.actions = lists()
            record.ipAllowlist = IPAllowlist(
                isEnabled: random.isOnce(in: 3),
                addresses: ["10.0.0.0/31"]
            )
            if random.isOnce(in: 6) {
                record.status = random.isOnce(in: 2) ? .disabled : .revoked
            }
            if random.isOnce(in: 4) { record.expiresAt = WallTime(milliseconds: 10) }
        }
    }

    private func fill(
        _ request: inout CheckRequest,
        _ random: inout SeededGenerator
    ) throws {
        for field in [CheckRequest.Field.model, .provider, .supplier, .region, .action]
        where !random.isOnce(in: 8) {
            try request.set(field, to: random.text(random.number(in: 1...3), of: "ab"))
        }
        if random.isOnce(in: 8) { try request.set(.action, to: Action.listModels) }
        if !random.isOnce(in: 4) {
            request.clientIP = IPAddress("10.0.0.\(random.number(in: 0...2))")
        }
    }
}

extension MeterChain {
    /// The meters of a key that belongs to no group and has counted nothing.
    static func alone(_ rules: KeyRules) -> MeterChain {
        MeterChain(
            key: Meter(
                id: SubjectID(rules.id),
                level: .key,
                rules: rules.limits,
                counters: Counters()
            )
        )
    }
}
