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

    /// The price of whichever of two is dearer; unknown when that cannot be told.
    fileprivate func dearer(_ other: RequestPrice) -> RequestPrice {
        switch (self, other) {
        case (.known(let one), .known(let other)): .known(one.dearer(other))
        // What counts as free is not dearer than anything.
        case (.known, .unknown(.allowFree)), (.unknown, .unknown): self
        case (.known, .unknown), (.unknown(.allowFree), .known): other
        case (.unknown, .known): self
        }
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
        if request.otherModel.isEmpty { return first }
        return first.dearer(price(of: request.otherModel))
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
