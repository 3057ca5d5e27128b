internal import CTollgateProto
internal import TollgateCore

/// Restrictions within the records of keys and groups: `tollgate.storage.v1.Restrictions`.
enum RestrictionsCodec {
    private typealias Message = Tollgate__Storage__V1__Restrictions
    private typealias Names = Tollgate__Storage__V1__Restrictions__Names

    // MARK: Writing

    /// Writes restrictions, unless there are none.
    static func append(
        _ field: UInt32,
        _ restrictions: Restrictions,
        to output: inout OutputBuffer
    ) {
        if restrictions == Restrictions() { return }
        output.appendElement(field) { write(restrictions, to: &$0) }
    }

    private static func write(_ restrictions: Restrictions, to output: inout OutputBuffer) {
        append(1, restrictions.expiresAt, to: &output)
        append(2, restrictions.models, to: &output)
        append(3, restrictions.providers, to: &output)
        append(4, restrictions.suppliers, to: &output)
        append(5, restrictions.regions, to: &output)
        append(6, restrictions.actions, to: &output)
        output.appendField(7, bool: restrictions.ipAllowlist.isEnabled)
        for address in restrictions.ipAllowlist.addresses { output.appendElement(8, text: address) }
        LimitsCodec.append(9, restrictions.limits, to: &output)
        if let policy = restrictions.policy {
            output.appendElement(10) { PolicyCodec.write(policy, to: &$0) }
        }
        for rule in restrictions.iamRules {
            output.appendElement(11) { PolicyCodec.write(rule, to: &$0) }
        }
        if let pricing = restrictions.pricing {
            output.appendElement(12) { PolicyCodec.write(pricing, to: &$0) }
        }
    }

    /// Writes a time, unless there is none.
    static func append(_ field: UInt32, _ time: WallTime?, to output: inout OutputBuffer) {
        guard let time else { return }
        output.appendElement(field) { $0.appendTime(1, time) }
    }

    private static func append(
        _ field: UInt32,
        _ names: NameLists,
        to output: inout OutputBuffer
    ) {
        if names == NameLists() { return }
        output.appendElement(field) {
            for name in names.allowed { $0.appendElement(1, text: name) }
            for name in names.denied { $0.appendElement(2, text: name) }
        }
    }

    // MARK: Reading

    /// The restrictions of a message; none when it is not there.
    static func restrictions(
        _ pointer: UnsafeMutablePointer<Tollgate__Storage__V1__Restrictions>?
    ) throws(WireError) -> Restrictions {
        var restrictions = Restrictions()
        guard let message = pointer?.pointee else { return restrictions }
        try message.base.requireNoUnknownFields()
        restrictions.expiresAt = try time(message.expires_at)
        restrictions.models = try names(message.models)
        restrictions.providers = try names(message.providers)
        restrictions.suppliers = try names(message.suppliers)
        restrictions.regions = try names(message.regions)
        restrictions.actions = try names(message.actions)
        restrictions.ipAllowlist = IPAllowlist(
            isEnabled: message.ip_allowlist_enabled != 0,
            addresses: try texts(message.ip_allowlist, message.n_ip_allowlist)
        )
        restrictions.limits = try LimitsCodec.limits(message.limits)
        if let policy = message.policy {
            restrictions.policy = try PolicyCodec.document(policy.pointee)
        }
        for rule in elements(message.iam_rules, message.n_iam_rules) {
            guard let rule else { throw .badValue }
            restrictions.iamRules.append(try PolicyCodec.rule(rule.pointee))
        }
        if let pricing = message.pricing {
            restrictions.pricing = try PolicyCodec.pricing(pricing.pointee)
        }
        return restrictions
    }

    /// A time; nil when it is not there.
    static func time(
        _ message: UnsafeMutablePointer<Tollgate__Storage__V1__Restrictions__Time>?
    ) throws(WireError) -> WallTime? {
        guard let message else { return nil }
        try message.pointee.base.requireNoUnknownFields()
        return WallTime(milliseconds: message.pointee.ms)
    }

    private static func names(
        _ message: UnsafeMutablePointer<Names>?
    ) throws(WireError) -> NameLists {
        guard let message else { return NameLists() }
        try message.pointee.base.requireNoUnknownFields()
        return NameLists(
            allowed: try texts(message.pointee.allowed, message.pointee.n_allowed),
            denied: try texts(message.pointee.denied, message.pointee.n_denied)
        )
    }
}
