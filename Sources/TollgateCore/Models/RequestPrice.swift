/// What the model costs that a request asks for.
package enum RequestPrice: Equatable, Sendable {
    /// It has a price.
    case known(ModelPrice)
    /// It has none, and counts as costing nothing where that is permitted.
    case unknown(UnpricedPolicy)

    /// The price, nil when there is none.
    package var known: ModelPrice? {
        if case .known(let price) = self { return price }
        return nil
    }

    /// Whether a request must not pass because nobody knows what it costs.
    ///
    /// - Parameters:
    ///   - countsCost: whether any limit counts money.
    ///   - request: one that names no model, asks for no tokens and does nothing that is paid for
    ///     costs nothing.
    /// - Returns: true when the policy for models without a price says so.
    func isDenied(countingCost countsCost: Bool, _ request: borrowing CheckRequest) -> Bool {
        guard case .unknown(let policy) = self, policy == .deny ? true : countsCost else {
            return false
        }
        if policy == .allowFree { return false }
        let costsNothing =
            !request.has(.model) && request.tokens == 0 && request.inputTokens == 0
            && !Action.isPaid(request[.action])
        return !costsNothing
    }
}

/// What is done with requests for models that have no price.
package enum UnpricedPolicy: Equatable, Sendable {
    /// They are denied when a budget or balance limits the key; else they count as free.
    case denyWhenBudgeted
    /// They are denied.
    case deny
    /// They cost nothing.
    case allowFree
    /// They cost this.
    case defaultPrice(ModelPrice)
}

/// The models and what they cost, as it stands at one time.
package struct PriceList: Sendable {
    package let models: ModelCatalogue
    package let unpriced: UnpricedPolicy

    package init(models: ModelCatalogue, unpriced: UnpricedPolicy) {
        self.models = models
        self.unpriced = unpriced
    }

    /// What the model of a request costs; of two that it names, the dearer in every part.
    package func price(of request: borrowing CheckRequest) -> RequestPrice {
        let first = price(of: request[.model])
        guard !request.otherModel.isEmpty, case .known(let one) = first else { return first }
        let second = price(of: request.otherModel)
        guard case .known(let other) = second else { return second }
        return .known(one.dearer(other))
    }

    /// What a model costs.
    package func price(of model: Span<UInt8>) -> RequestPrice {
        if let price = models.model(named: model)?.price { return .known(price) }
        if case .defaultPrice(let price) = unpriced, !model.isEmpty { return .known(price) }
        return .unknown(unpriced)
    }
}

extension ModelPrice {
    /// The price of whichever model is dearer, for each kind of token.
    fileprivate func dearer(_ other: ModelPrice) -> ModelPrice {
        ModelPrice(
            input: max(input, other.input),
            output: max(output, other.output),
            cachedInput: max(cachedInput ?? input, other.cachedInput ?? other.input)
        )
    }
}
