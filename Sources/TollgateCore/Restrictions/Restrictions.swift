/// What bounds the requests of a key, or of all keys of a group, as an administrator wrote it.
///
/// A plain value, the same for keys, users, teams and organisations. A request must pass what its
/// key says and what each group above the key says: `AccessRules` and `LimitRules` are what a
/// decision reads. What is wider and what is narrower, `requireNoWider` tells.
package struct Restrictions: Equatable, Sendable {
    /// When it all ends; nil for never.
    package var expiresAt: WallTime?
    package var models = NameLists()
    package var providers = NameLists()
    package var suppliers = NameLists()
    package var regions = NameLists()
    package var actions = NameLists()
    package var ipAllowlist = IPAllowlist()
    package var limits = LimitSettings()
    package var policy: PolicyDocument?
    package var iamRules: [IAMRule] = []
    package var pricing: PricingRule?

    package init() {}
}

/// The patterns that a key or a group allows and denies in one dimension, as they were written.
package struct NameLists: Hashable, Sendable {
    package var allowed: [String]
    package var denied: [String]

    package init(allowed: [String] = [], denied: [String] = []) {
        self.allowed = allowed
        self.denied = denied
    }
}

/// From which addresses keys may be used, as it was written.
package struct IPAllowlist: Equatable, Sendable {
    package var isEnabled: Bool
    package var addresses: [String]

    package init(isEnabled: Bool = false, addresses: [String] = []) {
        self.isEnabled = isEnabled
        self.addresses = addresses
    }

    /// The most addresses in one list.
    package static let addressLimit = 1000
}
