/// Compiled parts of rules that many keys have in common, so that they are in memory once.
///
/// Keys are mostly made from a few templates: a hundred thousand of them then cost the memory of
/// their counters, not that of their rules. Of bounded size; what does not fit is not shared.
package struct SharedRules: Sendable {
    private var limits: [LimitSettings: LimitRules] = [:]
    private var access: [[NameLists]: AccessRules] = [:]
    private var content: [[KeyNotices.ContentRule]: ContentRules] = [:]

    /// How many different parts of each kind are remembered before all are forgotten.
    private static let capacity = 4096
    /// The same of content rules, which are far larger.
    private static let contentCapacity = 256

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

    /// What is looked for in content, compiled; nil for nothing.
    ///
    /// - Throws: the first rule that cannot be.
    mutating func content(
        _ list: [KeyNotices.ContentRule]
    ) throws(RuleProblem) -> ContentRules? {
        if list.isEmpty { return nil }
        if let rules = content[list] { return rules }
        do {
            let rules = try ContentRules(list)
            if content.count >= SharedRules.contentCapacity { content.removeAll() }
            content[list] = rules
            return rules
        } catch {
            throw .content(error)
        }
    }

    /// What restrictions say but for their limits, compiled.
    ///
    /// Only rules that are no more than lists of names are shared: the others are rare, or a key's
    /// own, such as the time of its end.
    ///
    /// - Throws: the first thing that cannot be.
    mutating func access(
        _ restrictions: Restrictions,
        zones: ZoneCatalogue
    ) throws(RuleProblem) -> AccessRules {
        guard restrictions.areNames else {
            return try AccessRules(restrictions, zones: zones)
        }
        let names = [
            restrictions.models, restrictions.providers, restrictions.suppliers,
            restrictions.regions, restrictions.actions,
        ]
        if let rules = access[names] { return rules }
        let rules = try AccessRules(restrictions, zones: zones)
        if access.count >= SharedRules.capacity { access.removeAll() }
        access[names] = rules
        return rules
    }
}

extension Restrictions {
    /// Whether there is nothing but lists of names, limits aside.
    fileprivate var areNames: Bool {
        expiresAt == nil && ipAllowlist == IPAllowlist() && policy == nil && iamRules.isEmpty
            && pricing == nil
    }
}
