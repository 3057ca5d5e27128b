internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@Suite("What a group restricts")
struct GroupRestrictionTests {
    private let house: House
    private let groups: GroupRegistry
    private let loop: DecisionLoop
    private let secret: String

    /// A key of ann, of the team search, of acme; all of them allow everything.
    init() throws {
        house = try House()
        groups = GroupRegistry(
            catalogue: house.groups,
            follower: house.engine,
            usage: house.engine,
            zones: .utcOnly,
            time: house.time,
            actions: house.actions
        )
        _ = try groups.create(.organization, id: "acme", GroupChanges(), by: nil)
        var inside = GroupChanges()
        inside.organization = "acme"
        _ = try groups.create(.team, id: "search", inside, by: nil)
        inside.team = .some("search")
        _ = try groups.create(.user, id: "ann", inside, by: nil)
        secret = try house.key { $0.user = .some("ann") }.secret
        loop = house.engine.makeLoop()
    }

    private func change(
        _ kind: GroupKind,
        _ edit: (inout GroupChanges) -> Void
    ) throws {
        let names: [GroupKind: String] = [.organization: "acme", .team: "search", .user: "ann"]
        var changes = GroupChanges()
        edit(&changes)
        let id = try #require(names[kind].flatMap { GroupID(kind, $0) })
        _ = try groups.update(id, version: nil, changes, by: house.administrator)
    }

    private func reason(model: String = "gpt-4o", ip: String? = nil) throws -> Reason {
        loop.beginTurn()
        var request = CheckRequest()
        request.present(secret)
        try request.set(.model, to: model)
        try request.set(.region, to: "EU")
        request.clientIP = ip.flatMap { IPAddress($0) }
        let reason = try loop.check(&request).reason
        _ = try loop.commit()
        return reason
    }

    @Test("holds for its keys from the next decision on", arguments: GroupKind.allCases)
    func everyLevel(kind: GroupKind) throws {
        #expect(try reason() == .allowed)
        try change(kind) { $0.deniedModels = ["gpt-4o"] }
        #expect(try reason() == .modelNotAllowed)
        #expect(try reason(model: "o3") == .allowed)
        try change(kind) { $0.deniedModels = [] }
        #expect(try reason() == .allowed)
        try change(kind) { $0.ipAllowlist = IPAllowlist(isEnabled: true, addresses: ["10.0.0.1"]) }
        #expect(try reason() == .ipNotAllowed)
        #expect(try reason(ip: "10.0.0.1") == .allowed)
        try change(kind) { $0.ipAllowlist = IPAllowlist() }
        try change(kind) { changes in
            changes.policy = .some(
                PolicyDocument(
                    statements: [
                        PolicyStatement(
                            effect: .deny,
                            actions: ["*"],
                            resources: ["model:gpt-4o"]
                        )
                    ]
                )
            )
        }
        #expect(try reason() == .policyDenied)
        try change(kind) { $0.policy = .some(nil) }
        try change(kind) { $0.iamRules = [.allowModels(["o3"])] }
        #expect(try reason() == .modelNotAllowed)
        try change(kind) { $0.iamRules = [] }
        try change(kind) { $0.pricing = .some(PricingRule(tier: .free)) }
        #expect(try reason() == .pricingNotAllowed)
        try change(kind) { $0.pricing = .some(nil) }
        #expect(try reason() == .allowed)
    }

    @Test("ends with it: its keys are expired, and so is whoever administers with one")
    func ends() throws {
        let now = house.time.now().wall
        try change(.team) { $0.expiresAt = .some(WallTime(milliseconds: now.milliseconds + 10)) }
        #expect(try reason() == .allowed)
        #expect(try house.registry.principal(presenting: secret) != nil)
        house.time.advance(milliseconds: 10)
        #expect(try reason() == .keyExpired)
        #expect(throws: RegistryError.unusable(.keyExpired)) {
            try house.registry.principal(presenting: secret)
        }
    }

    @Test("is asked together with all other levels, in the order of reasons")
    func order() throws {
        // A region at the key comes after a model at the top, and before a policy anywhere.
        try change(.organization) { $0.allowedModels = ["o3", "o4"] }
        try change(.team) { $0.allowedModels = ["o4", "o5"] }
        try change(.user) { $0.allowedRegions = ["US"] }
        #expect(try reason() == .modelNotAllowed)
        #expect(try reason(model: "o3") == .modelNotAllowed)
        #expect(try reason(model: "o5") == .modelNotAllowed)
        #expect(try reason(model: "o4") == .regionNotAllowed)
    }

    @Test("is named with its level by an explanation")
    func explanation() throws {
        try change(.team) { $0.deniedModels = ["gpt-4o"] }
        loop.beginTurn()
        var request = CheckRequest()
        request.present(secret)
        try request.set(.model, to: "gpt-4o")
        let lines = loop.explain(&request)
        #expect(lines.contains("model: passes"))
        #expect(lines.contains("team model: denies (model_not_allowed)"))
        #expect(!lines.contains { $0.hasPrefix("organization model") })
    }

    @Test("of a group's policy on money, the group's spending counts")
    func spending() throws {
        var policy = PolicyStatement(effect: .deny, actions: ["*"], resources: ["*"])
        policy.condition.totalBudget.over = Money(nanos: 1)
        try change(.organization) { $0.policy = .some(PolicyDocument(statements: [policy])) }
        let other = try house.key { $0.organization = .some("acme") }.secret
        #expect(try reason(model: "cheap") == .allowed)
        #expect(try loop.reason(for: other, model: "cheap", tokens: 1000) == .allowed)
        #expect(try reason(model: "cheap") == .policyDenied)
    }

    @Test("by a policy on money is a budget for what has no price or a prompt of unknown length")
    func spendingNeedsPrices() throws {
        #expect(try reason(model: "free") == .allowed)
        var policy = PolicyStatement(effect: .allow, actions: ["*"], resources: ["*"])
        policy.condition.dailyBudget.under = Money(nanos: 1_000_000)
        try change(.team) { $0.policy = .some(PolicyDocument(statements: [policy])) }
        #expect(try reason(model: "free") == .pricingNotAllowed)
        #expect(try reason(model: "cheap") == .allowed)
        loop.beginTurn()
        var request = CheckRequest()
        request.present(secret)
        try request.set(.model, to: "cheap")
        request.hasUnknownPrompt = true
        #expect(try loop.check(&request).reason == .requestTooLarge)
    }

    @Test("a read-only key lists the models and does nothing else")
    func readOnly() throws {
        let secret = try house.key { $0.access = .readOnly }.secret
        #expect(try loop.reason(for: secret, model: "gpt-4o") == .actionNotAllowed)
        loop.beginTurn()
        var request = CheckRequest()
        request.present(secret)
        try request.set(.action, to: "models:list")
        #expect(try loop.check(&request).reason == .allowed)
    }

    @Test("what is done to groups is recorded")
    func actions() throws {
        try change(.team) { $0.deniedModels = ["x"] }
        let acme = try #require(GroupID(.organization, "acme"))
        _ = try groups.pay(Money(nanos: 5), to: acme, version: nil, by: house.administrator)
        _ = try groups.delete(acme, by: house.administrator)
        let recorded = house.actions.all.filter { $0.name != "key.created" }
        #expect(
            recorded.map { "\($0.name) \($0.target) \($0.fields.joined(separator: ","))" } == [
                "organization.created acme name", "team.created search name,organization_id",
                "user.created ann name,organization_id,team_id",
                "team.updated search denied_models", "credits.added acme credits",
                "organization.deleted acme status",
            ]
        )
    }
}
