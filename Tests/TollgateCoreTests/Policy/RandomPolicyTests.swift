internal import Testing

@testable internal import TollgateCore

@Suite("A policy, on random documents and requests")
struct RandomPolicyTests {
    /// A run of cases, and what came out of it.
    private func run(
        seed: UInt64,
        _ body: (PolicyRules, Policy, borrowing CheckRequest, PlainRequest) -> Void
    ) throws {
        var source = RandomPolicies(seed: seed)
        for _ in 0..<4000 {
            let rules = source.rules()
            let policy = try rules.compile(RandomPolicies.zones)
            for _ in 0..<4 {
                let plain = source.request()
                var request = CheckRequest()
                try plain.fill(&request)
                body(rules, policy, request, plain)
            }
        }
    }

    @Test("decides like the model of it", arguments: [1, 2, 3])
    func model(_ seed: UInt64) throws {
        var counts: [Reason: Int] = [:]
        try run(seed: seed) { rules, policy, request, plain in
            let reason = policy.denial(of: request, given: plain.facts)?.reason ?? .allowed
            let expected = PolicyModel(rules: rules).reason(plain)
            #expect(reason == expected, "seed \(seed): \(rules) on \(plain)")
            counts[reason, default: 0] += 1
        }
        // Otherwise the random inputs would show less than they seem to.
        #expect(counts[.allowed, default: 0] > 2000)
        #expect(counts[.policyDenied, default: 0] > 2000)
        for reason in [Reason.modelNotAllowed, .providerNotAllowed, .pricingNotAllowed] {
            #expect(counts[reason, default: 0] > 200)
        }
    }

    @Test("is explained as it decides, and every line has its place")
    func explanations() throws {
        try run(seed: 4) { rules, policy, request, plain in
            let denial = policy.denial(of: request, given: plain.facts)
            let lines = policy.explanation(of: request, given: plain.facts)
            let last = lines.last ?? ""
            guard let denial else {
                #expect(last.hasPrefix("policy: passes"))
                return
            }
            #expect(last.hasPrefix("policy: denies (\(denial.reason.code)), "))
            let culprit: String? =
                switch denial.cause {
                case .statement(let index): "policy.statements[\(index)]"
                case .rule(let index): "iam_rules[\(index)]"
                case .noStatement, .noRule, .pricing: nil
                }
            if let culprit {
                #expect(last.hasSuffix("by \(culprit)"))
                let line = lines.first { $0.hasPrefix(culprit + " ") } ?? ""
                #expect(line.contains("): applies"), "\(lines)")
            }
            let count = rules.rules.count + (rules.document?.statements.count ?? 0)
            let extra = (policy.pricing != nil ? 1 : 0) + (plain.otherModel == nil ? 0 : 1)
            #expect(lines.count == count + extra + 1)
        }
    }
}
