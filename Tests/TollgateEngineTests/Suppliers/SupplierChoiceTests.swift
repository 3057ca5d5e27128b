internal import SimulationTesting
internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("Where requests go")
struct SupplierChoiceTests {
    private let house: House
    private let loop: DecisionLoop

    init() throws {
        house = try House()
        loop = house.engine.makeLoop()
    }

    /// Sets suppliers of provider `self` up, each in a region of its own name in capitals.
    private func setUp(_ names: [String], isInForce: Bool = true) throws {
        let suppliers = names.compactMap { name in
            var record = SupplierRecord(
                name: name,
                provider: "self",
                baseURL: "https://\(name).example",
                createdAt: house.time.now().wall
            )
            record.region = name.uppercased()
            return Supplier(record, host: "\(name).example", header: nil)
        }
        try #require(suppliers.count == names.count)
        house.engine.use(SupplierCatalogue(suppliers, isInForce: isInForce))
    }

    /// What became of a request in a turn of its own.
    private struct Outcome {
        let reason: Reason
        let supplier: String?
        let models: ModelFilter?
        let names: [String]
    }

    private func ask(
        _ secret: String,
        _ edit: (inout CheckRequest) throws -> Void = { _ in }
    ) throws -> Outcome {
        loop.beginTurn()
        var request = CheckRequest()
        request.present(secret)
        try edit(&request)
        let reason = try loop.check(&request).reason
        _ = try loop.commit()
        return Outcome(
            reason: reason,
            supplier: loop.supplier?.name,
            models: loop.models,
            names: [.supplier, .provider, .region].map { request.string($0) }
        )
    }

    @Test("is what the proxy says, and what the request does not say follows from it")
    func named() throws {
        try setUp(["east", "west"])
        let secret = try house.key().secret
        let outcome = try ask(secret) { try $0.set(.supplier, to: "West") }
        #expect(outcome.reason == .allowed)
        #expect(outcome.supplier == "west")
        #expect(outcome.names == ["West", "self", "WEST"])
    }

    @Test("is the only supplier that a key may use, which counts as if the proxy had said it")
    func hardwired() throws {
        try setUp(["east", "west"])
        let secret = try house.key {
            $0.allowedSuppliers = ["east"]
            $0.allowedRegions = ["EAST"]
            $0.allowedProviders = ["self"]
        }.secret
        let outcome = try ask(secret)
        #expect(outcome.reason == .allowed)
        #expect(outcome.supplier == "east")
        #expect(outcome.names == ["east", "self", "EAST"])
        #expect(try house.memory.entries().last?[.supplier] == "east")
        #expect(try ask(secret) { try $0.set(.supplier, to: "west") }.reason == .supplierNotAllowed)
    }

    @Test("is the only supplier that a group leaves")
    func hardwiredGroup() throws {
        try setUp(["east", "west"])
        let groups = GroupRegistry(
            catalogue: house.groups,
            follower: house.engine,
            usage: house.engine,
            zones: .utcOnly,
            time: house.time,
            actions: house.actions
        )
        var changes = GroupChanges()
        changes.allowedSuppliers = ["west"]
        _ = try groups.create(.organization, id: "acme", changes, by: nil)
        let secret = try house.key { $0.organization = .some("acme") }.secret
        #expect(try ask(secret).supplier == "west")
    }

    @Test(
        "is not told where a key may use several, or any",
        arguments: [[], ["east", "west"], ["e*"]] as [[String]]
    )
    func open(allowed: [String]) throws {
        try setUp(["east", "west"])
        let secret = try house.key { $0.allowedSuppliers = allowed }.secret
        let outcome = try ask(secret)
        #expect(outcome.reason == (allowed.isEmpty ? .allowed : .supplierNotAllowed))
        #expect(outcome.supplier == nil)
    }

    @Test("is nowhere for who names a supplier that is not set up, and nothing is counted for it")
    func unknown() throws {
        try setUp(["east"])
        let (record, secret) = try house.key()
        let outcome = try ask(secret) { try $0.set(.supplier, to: "west") }
        #expect(outcome.reason == .supplierNotAllowed)
        #expect(outcome.supplier == nil)
        #expect(house.engine.pendingHoldCount == 0)
        var question = CheckRequest()
        try question.set(.supplier, to: "west")
        let simulation = try house.engine.simulate(&question, by: record.id, at: nil)
        #expect(simulation?.verdict.reason == .supplierNotAllowed)
        let lines = simulation?.explanation ?? []
        #expect(lines.contains("supplier is set up and enabled: denies (supplier_not_allowed)"))
    }

    @Test("is nowhere for a key whose only supplier is disabled, even if the key is only monitored")
    func disabled() throws {
        try setUp([])
        for enforcement in Enforcement.allCases {
            let secret = try house.key {
                $0.allowedSuppliers = ["east"]
                $0.enforcement = enforcement
            }.secret
            #expect(try ask(secret).reason == .supplierNotAllowed)
        }
    }

    @Test("is the proxy's affair while none is set up: names are labels then")
    func labels() throws {
        try setUp([], isInForce: false)
        let secret = try house.key { $0.allowedSuppliers = ["east"] }.secret
        let outcome = try ask(secret) { try $0.set(.supplier, to: "east") }
        #expect(outcome.reason == .allowed)
        #expect(outcome.supplier == nil)
        #expect(try ask(secret).reason == .supplierNotAllowed)
    }

    @Test("is told from the next turn on, and forgotten with the next question")
    func changes() throws {
        let secret = try house.key { $0.allowedSuppliers = ["east"] }.secret
        try setUp(["east"])
        #expect(try ask(secret).supplier == "east")
        try setUp(["west"])
        #expect(try ask(secret).reason == .supplierNotAllowed)
        #expect(loop.supplier == nil)
    }

    @Test("is told to nobody who only asks what would be")
    func dryRun() throws {
        try setUp(["east"])
        let secret = try house.key { $0.allowedSuppliers = ["east"] }.secret
        let outcome = try ask(secret) { $0.isDryRun = true }
        #expect(outcome.reason == .allowed)
        #expect(outcome.supplier == nil)
    }

    @Test("is explained with the supplier that the decision takes")
    func explained() throws {
        try setUp(["east"])
        let secret = try house.key { $0.allowedSuppliers = ["east"] }.secret
        loop.beginTurn()
        var request = CheckRequest()
        request.present(secret)
        #expect(loop.explain(&request).contains("supplier east serves it: passes"))
    }

    @Test("comes with the models that the key may call, for who lists them")
    func listing() throws {
        let secret = try house.key { $0.allowedModels = ["gpt-*"] }.secret
        let outcome = try ask(secret) { try $0.set(.action, to: Action.listModels) }
        #expect(outcome.models?.rules.map { $0.allowed.map(\.text) } == [["gpt-*"]])
        #expect(try ask(secret) { try $0.set(.model, to: "gpt-4o") }.models == nil)
    }
}
