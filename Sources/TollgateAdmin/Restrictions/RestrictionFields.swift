internal import TollgateCore
internal import TollgateEngine

/// Reads what a caller restricts about a key or a group: until when, lists of names, addresses,
/// limits, prices and policies.
///
/// Like all that is merged: a field that is not there stays as it is, null empties it, and the
/// members of `ip_allowlist`, `pricing` and the blocks of limits are merged in turn; lists and the
/// policy are replaced.
enum RestrictionFields {
    /// A hundred years, as `expires_in` counts them.
    private static let longestLife: Int64 = 3_155_760_000

    /// Takes the fields out of a document.
    ///
    /// - Parameters:
    ///   - reader: the document.
    ///   - old: the restrictions as they are; nil for something new.
    ///   - now: what `expires_in` counts from.
    /// - Returns: what is to be different.
    /// - Throws: a 400 or 422 with the path of the first field that cannot be.
    static func changes(
        in reader: inout ObjectReader,
        to old: Restrictions?,
        at now: WallTime
    ) throws(APIError) -> RestrictionChanges {
        let old = old ?? Restrictions()
        var changes = RestrictionChanges()
        changes.expiresAt = try expiry(in: &reader, at: now)
        try readLists(&reader, &changes)
        changes.ipAllowlist = try allowlist(in: &reader, mergedInto: old.ipAllowlist)
        changes.limits = try LimitFields.limits(in: &reader, mergedInto: old.limits)
        try readPolicies(&reader, &changes, old)
        return changes
    }

    private static func expiry(
        in reader: inout ObjectReader,
        at now: WallTime
    ) throws(APIError) -> WallTime?? {
        let time = try reader.time("expires_at")
        let seconds = try reader.whole("expires_in", in: 1...longestLife)
        switch (time, seconds) {
        case (.absent, .absent): return .none
        case (.null, .absent), (.absent, .null): return .some(nil)
        case (.value(let time), .absent): return .some(time)
        case (.absent, .value(let seconds)):
            return .some(WallTime(milliseconds: now.milliseconds &+ seconds * 1000))
        default: throw .contradiction("expires_in", "cannot be there together with expires_at")
        }
    }

    private static func readLists(
        _ reader: inout ObjectReader,
        _ changes: inout RestrictionChanges
    ) throws(APIError) {
        changes.allowedModels = try reader.texts("allowed_models").or([])
        changes.deniedModels = try reader.texts("denied_models").or([])
        changes.allowedProviders = try reader.texts("allowed_providers").or([])
        changes.deniedProviders = try reader.texts("denied_providers").or([])
        changes.allowedSuppliers = try reader.texts("allowed_suppliers").or([])
        changes.deniedSuppliers = try reader.texts("denied_suppliers").or([])
        changes.allowedRegions = try reader.texts("allowed_regions").or([])
        changes.deniedRegions = try reader.texts("denied_regions").or([])
        changes.allowedActions = try reader.texts("allowed_actions").or([])
        changes.deniedActions = try reader.texts("denied_actions").or([])
    }

    private static func allowlist(
        in reader: inout ObjectReader,
        mergedInto old: IPAllowlist
    ) throws(APIError) -> IPAllowlist? {
        switch try reader.object("ip_allowlist") {
        case .absent: return nil
        case .null: return IPAllowlist()
        case .value(var members):
            var list = old
            list.isEnabled = try members.flag("enabled").or(false) ?? list.isEnabled
            list.addresses = try members.texts("addresses").or([]) ?? list.addresses
            try members.finish()
            return list
        }
    }

    private static func readPolicies(
        _ reader: inout ObjectReader,
        _ changes: inout RestrictionChanges,
        _ old: Restrictions
    ) throws(APIError) {
        switch reader.take("policy") {
        case .absent: break
        case .null: changes.policy = .some(nil)
        case .value(let value):
            changes.policy = try PolicyReader.document(value, at: reader.path(of: "policy"))
        }
        switch reader.take("iam_rules") {
        case .absent: break
        case .null: changes.iamRules = []
        case .value(let value):
            changes.iamRules = try PolicyReader.rules(value, at: reader.path(of: "iam_rules"))
        }
        switch reader.take("pricing") {
        case .absent: break
        case .null: changes.pricing = .some(nil)
        case .value(let value):
            changes.pricing = try PolicyReader.pricing(
                value,
                at: reader.path(of: "pricing"),
                mergedInto: old.pricing ?? PricingRule()
            )
        }
    }
}
