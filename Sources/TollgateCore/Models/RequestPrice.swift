/// What the models cost that a request names: one, or two of which it means either.
package struct RequestPrice: Equatable, Sendable {
    /// The price, of two the dearer for each kind of token; nil when neither has one.
    package let known: ModelPrice?
    /// What is done about a model that has none; nil when there is no such model.
    private let unpriced: UnpricedPolicy?

    /// The price that a rule about prices may judge by: none where a model has none, unless that one
    /// counts as free.
    package var forRules: ModelPrice? {
        switch unpriced {
        case nil, .allowFree: known
        case .deny, .denyWhenBudgeted, .defaultPrice: nil
        }
    }

    /// It has a price.
    package static func known(_ price: ModelPrice) -> RequestPrice {
        RequestPrice(known: price, unpriced: nil)
    }

    /// It has none.
    package static func unknown(_ policy: UnpricedPolicy) -> RequestPrice {
        RequestPrice(known: nil, unpriced: policy)
    }

    /// The price of whichever of two is dearer.
    ///
    /// One without a price keeps the other's: it must not make a request free that has one.
    fileprivate func dearer(_ other: RequestPrice) -> RequestPrice {
        let known: ModelPrice? =
            if let one = self.known, let other = other.known { one.dearer(other) } else {
                self.known ?? other.known
            }
        return RequestPrice(known: known, unpriced: unpriced ?? other.unpriced)
    }

    /// Whether a request must not pass because nobody knows what it costs.
    ///
    /// - Parameters:
    ///   - countsCost: whether anything counts money; asked for only where that matters.
    ///   - request: one that names no model, asks for no tokens and does nothing that is paid for
    ///     costs nothing.
    /// - Returns: true when the policy for models without a price says so.
    func isDenied(
        countingCost countsCost: @autoclosure () -> Bool,
        _ request: borrowing CheckRequest
    ) -> Bool {
        switch unpriced {
        case nil, .allowFree: return false
        // The default is for models that are named.
        case .denyWhenBudgeted, .defaultPrice: guard countsCost() else { return false }
        case .deny: break
        }
        let costsNothing =
            !request.has(.model) && request.mostTokens == 0 && !Action.isPaid(request[.action])
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

    /// What the model costs that a provider has billed.
    ///
    /// - Parameters:
    ///   - model: its name; empty when it is the one that was asked for.
    ///   - held: what that one costs, if it has a price: what stands for a model that has none of its
    ///     own goes before a price for any model.
    /// - Returns: the price; nil when none is known.
    package func price(
        ofBilled model: borrowing Span<UInt8>,
        held: ModelPrice?
    ) -> ModelPrice? {
        if model.isEmpty { return held }
        return models.model(named: model)?.price ?? held ?? price(of: model).known
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
