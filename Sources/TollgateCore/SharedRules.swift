/// Compiled parts of rules that many keys have in common, so that they are in memory once.
///
/// Keys are mostly made from a few templates: a hundred thousand of them then cost the memory of
/// their counters, not that of their rules. Of bounded size; what does not fit is not shared.
package struct SharedRules: Sendable {
    private var limits: [LimitSettings: LimitRules] = [:]
    private var names: [NameLists: NameRule] = [:]

    /// How many different parts of each kind are remembered before all are forgotten.
    private static let capacity = 4096

    package init() {}

    /// The limits that an administrator has set, compiled.
    ///
    /// - Throws: the first value that cannot be.
    package mutating func limits(
        _ settings: LimitSettings,
        zones: ZoneCatalogue
    ) throws(LimitProblem) -> LimitRules {
        if let rules = limits[settings] { return rules }
        let rules = try LimitRules(settings, zones: zones)
        if limits.count >= SharedRules.capacity { limits.removeAll() }
        limits[settings] = rules
        return rules
    }

    /// The rule for two lists of names.
    ///
    /// - Parameters:
    ///   - lists: the lists.
    ///   - compile: makes the rule when it is not there.
    /// - Returns: the rule.
    /// - Throws: what `compile` throws.
    mutating func names(
        _ lists: NameLists,
        compile: () throws(RuleProblem) -> NameRule
    ) throws(RuleProblem) -> NameRule {
        if let rule = names[lists] { return rule }
        let rule = try compile()
        if names.count >= SharedRules.capacity { names.removeAll() }
        names[lists] = rule
        return rule
    }
}
