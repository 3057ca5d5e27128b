internal import TollgateCore

extension UnpricedPolicy {
    private enum Word: String, CaseIterable {
        case deny
        case allowFree = "allow_free"
        case defaultPrice = "default_price"
    }

    /// What the operator wants done with requests for models that have no price.
    ///
    /// - Throws: the first of the three settings that cannot be.
    init(_ values: SettingValues) throws(ConfigurationError) {
        let prices: [Setting] = [.defaultInputPrice, .defaultOutputPrice]
        let word: Word? =
            values.text(.unpriced) == nil ? nil : try values.choice(.unpriced, Word.self)
        guard word == .defaultPrice else {
            for setting in prices where values.text(setting) != nil {
                throw values.problem(setting, "needs --unpriced default_price")
            }
            switch word {
            case .deny: self = .deny
            case .allowFree: self = .allowFree
            default: self = .denyWhenBudgeted
            }
            return
        }
        for setting in prices where values.text(setting) == nil {
            throw values.problem(.unpriced, "default_price needs --\(setting.name)")
        }
        self = .defaultPrice(
            ModelPrice(
                input: try UnpricedPolicy.price(.defaultInputPrice, values),
                output: try UnpricedPolicy.price(.defaultOutputPrice, values)
            )
        )
    }

    /// A price in USD for a million tokens, as pico-USD for each.
    private static func price(
        _ setting: Setting,
        _ values: SettingValues
    ) throws(ConfigurationError) -> UInt64 {
        let highest = Int64(ModelPrice.limit)
        guard
            let picos = FixedPoint.value(values.text(setting) ?? "", decimals: 6),
            (0...highest).contains(picos)
        else {
            throw values.problem(
                setting,
                "must be a number from 0 to \(FixedPoint.text(highest, decimals: 6)), "
                    + "with at most 6 decimals"
            )
        }
        return UInt64(picos)
    }
}
