internal import Testing
internal import TollgateTesting

@testable internal import TollgateCore

@Suite("The catalogue of models")
struct ModelCatalogueTests {
    @Test("finds a model by id and alias, without regard to ASCII case")
    func names() {
        let catalogue = ModelCatalogue([
            Model(id: "gpt-4o", provider: "openai", aliases: ["GPT-4o-2024", "omni"]),
            Model(id: "Claude", provider: "anthropic"),
        ])
        for name in ["gpt-4o", "GPT-4O", "gpt-4O-2024", "Omni"] {
            #expect(id(catalogue, name) == "gpt-4o")
        }
        #expect(id(catalogue, "claude") == "Claude")
        for name in ["", "gpt", "gpt-4o ", "gpt-4o-2024-x", "é"] {
            #expect(id(catalogue, name) == nil)
        }
    }

    @Test("lets the later of two models with one name count")
    func duplicates() {
        let catalogue = ModelCatalogue([
            Model(id: "a", provider: "first", aliases: ["x"]),
            Model(id: "A", provider: "second"),
            Model(id: "b", provider: "third", aliases: ["X"]),
        ])
        #expect(find(catalogue, "a")?.provider == "second")
        #expect(find(catalogue, "x")?.provider == "third")
    }

    @Test("finds every one of many, and no other")
    func many() {
        let models = (0..<5000).map { Model(id: "model-\($0)", provider: "p") }
        let catalogue = ModelCatalogue(models)
        let missing = models.filter { id(catalogue, $0.id) != $0.id }
        #expect(missing.isEmpty)
        #expect(!(5000..<10_000).contains { id(catalogue, "model-\($0)") != nil })
        #expect(find(ModelCatalogue([]), "model-1") == nil)
    }

    @Test("has well-known models with a price that does not exceed what is taken")
    func builtIn() throws {
        let model = try #require(find(.builtIn, "gpt-4o"))
        #expect(model.provider == "openai")
        #expect(model.maximumOutput == 16_384)
        // 2.50 USD for a million tokens are 2.5 millionths of a USD, 2,500,000 pico-USD, each.
        #expect(
            model.price == ModelPrice(input: 2_500_000, output: 10_000_000, cachedInput: 1_250_000)
        )
        for model in ModelCatalogue.builtIn.models {
            #expect(find(.builtIn, model.id) === model)
            #expect(model.id.utf8.count <= CheckRequest.Field.model.limit)
            #expect(model.provider.utf8.count <= CheckRequest.Field.provider.limit)
        }
    }

    @Test(
        "has of two models the dearer in every part, and what is free is dearer than nothing",
        arguments: [
            ("cheap", "", 1, 10), ("cheap", "dear", 5, 10), ("dear", "cheap", 5, 10),
            ("free", "dear", 5, 2), ("dear", "free", 5, 2),
        ]
    )
    func twoModels(model: String, other: String, input: UInt64, output: UInt64) throws {
        let models = ModelCatalogue([
            Model(id: "cheap", provider: "p", price: ModelPrice(input: 1, output: 10)),
            Model(id: "dear", provider: "p", price: ModelPrice(input: 5, output: 2)),
        ])
        var request = CheckRequest()
        try request.set(.model, to: model)
        if !other.isEmpty { try request.alsoName(model: Array(other.utf8).span) }
        let price = PriceList(models: models, unpriced: .allowFree).price(of: request).known
        #expect(price?.input == input)
        #expect(price?.output == output)
        // Where what is not known is denied, one that is known does not let the other pass; where it
        // counts as free, it does not make the other free.
        let strict = PriceList(models: models, unpriced: .denyWhenBudgeted).price(of: request)
        #expect((strict.forRules == nil) == [model, other].contains("free"))
        let isDenied = strict.isDenied(countingCost: true, request)
        #expect(isDenied == [model, other].contains("free"))
        let isDeniedAnyway = strict.isDenied(countingCost: false, request)
        #expect(!isDeniedAnyway)
        #expect(strict.known?.input == input)
        #expect(strict.known?.output == output)
    }

    @Test("has no default for a request that names no model: it is denied where money counts")
    func noModel() throws {
        let price = PriceList(
            models: ModelCatalogue([]),
            unpriced: .defaultPrice(ModelPrice(input: 7, output: 7))
        )
        var request = CheckRequest()
        request.tokens = 5
        #expect(price.price(of: request).known == nil)
        let isDenied = price.price(of: request).isDenied(countingCost: true, request)
        #expect(isDenied)
        let isDeniedAnyway = price.price(of: request).isDenied(countingCost: false, request)
        #expect(!isDeniedAnyway)
        try request.set(.model, to: "any")
        let isNamedDenied = price.price(of: request).isDenied(countingCost: true, request)
        #expect(!isNamedDenied)
        #expect(price.price(of: request).known == ModelPrice(input: 7, output: 7))
    }

    @Test("bills a model without a price at what was held, also where any model has a price")
    func billed() throws {
        let cheap = ModelPrice(input: 1, output: 10)
        let usual = ModelPrice(input: 7, output: 7)
        let models = ModelCatalogue([
            Model(id: "cheap", provider: "p", price: cheap), Model(id: "free", provider: "p"),
        ])
        func price(_ model: String, _ unpriced: UnpricedPolicy, held: ModelPrice?) -> ModelPrice? {
            let list = PriceList(models: models, unpriced: unpriced)
            return list.price(ofBilled: Array(model.utf8).span, held: held)
        }
        let held = ModelPrice(input: 3, output: 3)
        for unpriced in [
            .deny, .denyWhenBudgeted, .allowFree, .defaultPrice(usual),
        ] as [UnpricedPolicy] {
            #expect(price("cheap", unpriced, held: held) == cheap)
            #expect(price("cheap", unpriced, held: nil) == cheap)
            for model in ["", "free", "cheap-2024-08-06"] {
                #expect(price(model, unpriced, held: held) == held)
            }
            #expect(price("", unpriced, held: nil) == nil)
        }
        #expect(price("cheap-2024-08-06", .defaultPrice(usual), held: nil) == usual)
        #expect(price("cheap-2024-08-06", .allowFree, held: nil) == nil)
    }

    @Test("fills in the provider that a request leaves out, and only then")
    func completion() throws {
        let model = Model(id: "m", provider: "openai")
        var request = CheckRequest()
        try request.complete(with: model)
        let provider = request.string(.provider)
        #expect(provider == "openai")
        request.reset()
        try request.set(.provider, to: "azure")
        try request.complete(with: model)
        let named = request.string(.provider)
        #expect(named == "azure")
    }

    @Test(
        "fills in the region of the supplier that a request names, when it is known and not said",
        arguments: [
            ("openai-eu", "", "EU"), ("openai-eu", "US", "US"), ("OPENAI-EU", "", "EU"),
            ("openai-e", "", ""),
            ("anywhere", "", ""), ("other", "", ""), ("", "", ""),
        ]
    )
    func suppliers(supplier: String, region: String, expected: String) throws {
        let model = Model(
            id: "m",
            provider: "openai",
            suppliers: [
                ModelSupplier(name: "anywhere"), ModelSupplier(name: "openai-eu", region: "EU"),
            ]
        )
        var request = CheckRequest()
        if !supplier.isEmpty { try request.set(.supplier, to: supplier) }
        if !region.isEmpty { try request.set(.region, to: region) }
        try request.complete(with: model)
        let found = request.string(.region)
        #expect(found == expected)
    }

    private func find(_ catalogue: ModelCatalogue, _ name: String) -> Model? {
        let bytes = Array(name.utf8)
        return catalogue.model(named: bytes.span)
    }

    private func id(_ catalogue: ModelCatalogue, _ name: String) -> String? {
        find(catalogue, name)?.id
    }
}
