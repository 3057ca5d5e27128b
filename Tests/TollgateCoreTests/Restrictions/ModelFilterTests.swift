internal import Testing
internal import TollgateTesting

@testable internal import TollgateCore

@Suite("The models that a key is shown")
struct ModelFilterTests {
    /// Whether a filter made of these rules shows a model.
    private func shows(_ rules: [NameRule], _ model: String) -> Bool {
        rules.allSatisfy { $0.permits(Array(model.utf8).span) }
    }

    private func rules(_ lines: [String]) throws -> [NameRule] {
        var rules = PolicyRules()
        for line in lines { try rules.add(line[...], at: "here") }
        return try rules.compile(.utcOnly).modelRules
    }

    @Test(
        "are those that its policy may let it call",
        arguments: [
            (["Allow resources=model:gpt-*"], "gpt-4o", "o1"),
            (["Allow resources=model:* in=gpt-4o,o3"], "o3", "o1"),
            (["Allow resources=model:gpt-* in=gpt-4o"], "gpt-5", "o1"),
            (["Allow resources=*", "Deny resources=model:gpt-4o"], "gpt-5", "gpt-4o"),
            (["Deny resources=model:* in=a,b"], "c", "b"),
            (["allow_models a,b", "deny_models b"], "a", "b"),
            (["Allow actions=models:list", "Allow actions=chat:* resources=model:a"], "a", "b"),
        ]
    )
    func policies(lines: [String], shown: String, hidden: String) throws {
        let rules = try rules(lines)
        #expect(shows(rules, shown))
        #expect(!shows(rules, hidden))
    }

    @Test(
        "are all, where a policy does not say it by their names alone",
        arguments: [
            [], ["Allow resources=*"], ["Allow resources=provider:openai"],
            ["Allow resources=model:a", "Allow resources=region:EU"],
            ["Deny resources=model:a tokens_under=5"],
            ["Deny actions=chat:stream resources=model:a"],
            ["Deny resources=model:* not_in=b"], ["Deny resources=provider:openai"],
            ["allow_providers openai"], ["pricing tier=free"],
        ]
    )
    func unsaid(lines: [String]) throws {
        #expect(try rules(lines).isEmpty)
    }

    @Test("are none, where a policy allows no calls")
    func none() throws {
        #expect(!shows(try rules(["Allow actions=models:list,models:get"]), "a"))
        #expect(!shows(try rules(["Deny actions=*"]), "a"))
    }

    @Test("are never fewer than a policy lets it call, on random policies", arguments: [21, 22])
    func neverFewer(_ seed: UInt64) throws {
        var source = RandomPolicies(seed: seed)
        var (allowed, hidden) = (0, 0)
        for _ in 0..<4000 {
            let policy = try source.rules().compile(RandomPolicies.zones)
            let rules = policy.modelRules
            for _ in 0..<4 {
                let plain = source.request()
                guard let model = plain.names["model"], plain.names["action"] != "models:list"
                else {
                    continue
                }
                var request = CheckRequest()
                try plain.fill(&request)
                let isShown = shows(rules, model)
                let isAllowed = policy.denial(of: request, given: plain.facts) == nil
                #expect(isShown || !isAllowed, "seed \(seed): \(model) of \(plain)")
                if isAllowed { allowed += 1 }
                if !isShown { hidden += 1 }
            }
        }
        // Otherwise the random inputs would show less than they seem to.
        #expect(allowed > 1000 && hidden > 1000)
    }

    @Test("are what every level permits, and the supplier serves; all for a key that is monitored")
    func levels() throws {
        var record = KeyRecord.sample()
        record.models = NameLists(allowed: ["gpt-*"], denied: ["gpt-3*"])
        let key = try KeyRules(record, zones: .utcOnly)
        var supplier = SupplierRecord(
            name: "s",
            provider: "p",
            baseURL: "https://example.org",
            createdAt: WallTime(milliseconds: 0)
        )
        supplier.models = ["*-mini"]
        let offer = try #require(SupplierOffer(supplier))
        let subject = DecisionSubject(rules: key, chain: .alone(key))
        let filter = ModelFilter(of: subject, at: .known(offer))
        #expect(filter.rules.count == 2)
        #expect(shows(filter.rules, "gpt-5-mini"))
        for hidden in ["gpt-5", "o1-mini", "gpt-3-mini"] { #expect(!shows(filter.rules, hidden)) }
        record.enforcement = .monitor
        let free = try KeyRules(record, zones: .utcOnly)
        #expect(ModelFilter(of: DecisionSubject(rules: free, chain: .alone(free))).rules.isEmpty)
    }
}
