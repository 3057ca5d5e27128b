/// One of a key's IAM rules, as an administrator wrote it.
///
/// Of the rules that allow models, one must allow the model; none that denies models may name it.
/// The same for providers and prices.
package enum IAMRule: Equatable, Sendable {
    case allowModels([String])
    case denyModels([String])
    case allowProviders([String])
    case denyProviders([String])
    case allowPricing(PricingRule)
    /// Denies the tier; with maxima, only what costs more than one of them.
    case denyPricing(PricingRule)

    /// The word that callers see as the rule's type.
    package var name: String {
        switch self {
        case .allowModels: "allow_models"
        case .denyModels: "deny_models"
        case .allowProviders: "allow_providers"
        case .denyProviders: "deny_providers"
        case .allowPricing: "allow_pricing"
        case .denyPricing: "deny_pricing"
        }
    }
}

/// What a model may cost.
///
/// Nothing is known of the cost of a model without a price: where anything is restricted, it may not
/// be used.
package struct PricingRule: Equatable, Sendable {
    package var tier: PricingTier
    /// The highest price of an input token, in pico-USD.
    package var maxInputPrice: UInt64?
    /// The highest price of an output token, in pico-USD.
    package var maxOutputPrice: UInt64?

    package init(
        tier: PricingTier = .any,
        maxInputPrice: UInt64? = nil,
        maxOutputPrice: UInt64? = nil
    ) {
        self.tier = tier
        self.maxInputPrice = maxInputPrice
        self.maxOutputPrice = maxOutputPrice
    }

    /// Whether it says anything.
    package var restricts: Bool { tier != .any || hasMaximum }

    private var hasMaximum: Bool { maxInputPrice != nil || maxOutputPrice != nil }

    /// Whether a price is in the tier and within both maxima: what an allowance asks.
    func admits(_ price: ModelPrice) -> Bool {
        tier.includes(price) && !exceeds(price)
    }

    /// Whether a price is in the tier and above a maximum, if there is any: what a denial asks.
    func strikes(_ price: ModelPrice) -> Bool {
        tier.includes(price) && (!hasMaximum || exceeds(price))
    }

    private func exceeds(_ price: ModelPrice) -> Bool {
        price.input > maxInputPrice ?? .max || price.output > maxOutputPrice ?? .max
    }
}

/// Whether models cost something.
///
/// The raw value is what is stored.
package enum PricingTier: UInt8, CaseIterable, Sendable {
    case any = 1
    /// Input and output cost nothing.
    case free = 2
    case paid = 3

    /// The word that callers see.
    package var name: String {
        switch self {
        case .any: "any"
        case .free: "free"
        case .paid: "paid"
        }
    }

    func includes(_ price: ModelPrice) -> Bool {
        let isFree = price.input == 0 && price.output == 0
        switch self {
        case .any: return true
        case .free: return isFree
        case .paid: return !isFree
        }
    }
}
