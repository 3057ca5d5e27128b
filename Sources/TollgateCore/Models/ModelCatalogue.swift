/// A model that requests can name: whose it is, what it costs, how much it can generate.
package final class Model: Sendable {
    package let id: String
    /// Who makes it: `openai`.
    package let provider: String
    /// Other names for it.
    package let aliases: [String]
    /// The most tokens that one answer can have; nil when it is not known.
    package let maximumOutput: UInt64?
    /// What it costs; nil when it has no price.
    package let price: ModelPrice?
    /// The endpoints that serve it.
    package let suppliers: [ModelSupplier]

    let providerBytes: [UInt8]

    /// Its id and its aliases; empty for a model that has no alias, as nearly all of them.
    let names: [[UInt8]]

    package init(
        id: String,
        provider: String,
        aliases: [String] = [],
        maximumOutput: UInt64? = nil,
        price: ModelPrice? = nil,
        suppliers: [ModelSupplier] = []
    ) {
        self.id = id
        self.provider = provider
        self.aliases = aliases
        self.maximumOutput = maximumOutput
        self.price = price
        self.suppliers = suppliers
        providerBytes = Array(provider.utf8)
        names = aliases.isEmpty ? [] : ([id] + aliases).map { Array($0.utf8) }
    }
}

/// An endpoint that serves a model, and where it does.
package struct ModelSupplier: Equatable, Sendable {
    /// As requests name it: `openai-eu`.
    package let name: String
    /// Empty when it is not known.
    package let region: String

    package init(name: String, region: String = "") {
        self.name = name
        self.region = region
    }
}

/// What an administrator has said about a model, over what the built-in catalogue or a file says.
package enum StoredModel: Sendable {
    /// It is this one.
    case model(Model)
    /// It is not there.
    case removed(String)

    package var id: String {
        switch self {
        case .model(let model): model.id
        case .removed(let id): id
        }
    }
}

/// What tokens cost, in pico-USD each: USD for a million tokens, times a million.
package struct ModelPrice: Equatable, Sendable {
    /// The highest price that is taken: over a million USD for a million tokens.
    package static let limit: UInt64 = 1 << 40

    package let input: UInt64
    package let output: UInt64
    /// Nil when cached input costs what input costs.
    package let cachedInput: UInt64?

    package init(input: UInt64, output: UInt64, cachedInput: UInt64? = nil) {
        precondition(max(input, output, cachedInput ?? 0) <= ModelPrice.limit)
        self.input = input
        self.output = output
        self.cachedInput = cachedInput
    }
}

/// The models that are known, found by id or alias without regard to ASCII case.
///
/// Never changes; a new one takes its place as a whole.
package final class ModelCatalogue: Sendable {
    /// The most models that are taken.
    package static let modelLimit = 100_000

    package let models: [Model]

    /// Ids and aliases, and where their models are.
    private let names: NameTable

    /// Makes the catalogue of these models.
    ///
    /// Of two with the same id, or the same alias, the later one counts. No alias takes a name from
    /// the model whose id it is: whoever adds a model could else change what another one costs.
    package init(_ models: [Model]) {
        precondition(models.count <= ModelCatalogue.modelLimit)
        self.models = models
        let aliases = models.enumerated().flatMap { index, model in
            model.aliases.map { ($0, index) }
        }
        names = NameTable(aliases + models.enumerated().map { index, model in (model.id, index) })
    }

    /// The model that a request names; nil when it is not known.
    package func model(named name: Span<UInt8>) -> Model? {
        names.place(of: name).map { models[$0] }
    }
}

extension CheckRequest {
    /// Fills in what the catalogue knows of a model and the request does not say: the provider, and
    /// the region of the supplier that the request names.
    package mutating func complete(with model: Model) throws(Problem) {
        if !has(.provider) {
            let bytes = model.providerBytes
            try set(.provider, to: bytes.span)
            isProviderOfModel = true
        }
        guard !model.suppliers.isEmpty, has(.supplier), !has(.region) else { return }
        for supplier in model.suppliers where !supplier.region.isEmpty {
            guard Text.equalIgnoringCase(self[.supplier], supplier.name.utf8.span) else { continue }
            try set(.region, to: supplier.region.utf8.span)
            return
        }
    }
}
