/// Everything that is kept about a key: what an administrator reads and writes, and what is stored.
///
/// A plain value. `KeyRules` is what a decision reads; it is compiled from this one.
package struct KeyRecord: Equatable, Sendable {
    package var id: KeyID
    package var name: String
    package var description = ""
    /// The part of the secret's prefix that tells live from test keys.
    package var environment = "live"
    package var group = ""
    package var metadata: [String: String] = [:]

    /// What an administrator set; `effectiveStatus` also knows expiry.
    package var status = KeyStatus.enabled
    package var createdAt: WallTime
    package var updatedAt: WallTime
    /// The id of the key that created this one; nil for the first administrator.
    package var createdBy: KeyID?
    package var expiresAt: WallTime?

    package var models = NameLists()
    package var providers = NameLists()
    package var suppliers = NameLists()
    package var regions = NameLists()
    package var actions = NameLists()
    package var ipAllowlist = IPAllowlist()
    package var permissions: Permissions = []

    /// The name of the key's organisation.
    ///
    /// It is for good, and there is one whenever there is a team or a user.
    package var organization: String?
    package var team: String?
    package var user: String?

    package var limits = LimitSettings()
    package var policy: PolicyDocument?
    package var iamRules: [IAMRule] = []
    package var pricing: PricingRule?
    package var enforcement = Enforcement.enforce
    /// What happens to requests whose usage nobody reports.
    package var unsettled = UnsettledPolicy.charge

    /// The live secrets, newest first: one, or two while a rotation's grace lasts.
    package var secrets: [StoredSecret] = []

    /// Grows by one with every change, so that two writers cannot overwrite each other.
    package var version: UInt64 = 1

    package init(id: KeyID, name: String, createdAt: WallTime) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// The status that callers see at a time.
    package func effectiveStatus(at time: WallTime) -> KeyStatus {
        if status == .enabled, let expiresAt, expiresAt <= time { return .expired }
        return status
    }
}

/// Whether a key works.
///
/// The raw value is what is stored.
package enum KeyStatus: UInt8, CaseIterable, Sendable {
    case enabled = 1
    case disabled = 2
    /// For good.
    case revoked = 3
    /// Enabled, but its time is over; never stored.
    case expired = 4

    /// The word that callers see.
    package var name: String {
        switch self {
        case .enabled: "enabled"
        case .disabled: "disabled"
        case .revoked: "revoked"
        case .expired: "expired"
        }
    }
}

/// Whether a key's rules and limits stop requests.
///
/// The raw value is what is stored.
package enum Enforcement: UInt8, CaseIterable, Sendable {
    case enforce = 1
    /// Requests that rules or limits would stop are recorded as such, and allowed.
    case monitor = 2

    /// The word that callers write.
    package var name: String {
        switch self {
        case .enforce: "enforce"
        case .monitor: "monitor"
        }
    }
}

/// The patterns that a key allows and denies in one dimension, as they were written.
package struct NameLists: Hashable, Sendable {
    package var allowed: [String]
    package var denied: [String]

    package init(allowed: [String] = [], denied: [String] = []) {
        self.allowed = allowed
        self.denied = denied
    }
}

/// From which addresses a key may be used, as it was written.
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

/// What a key may do besides asking for models.
///
/// The raw value is what is stored.
package struct Permissions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let manageKeys = Permissions(rawValue: 1 << 0)
    package static let viewAllUsage = Permissions(rawValue: 1 << 1)
    package static let manageBilling = Permissions(rawValue: 1 << 2)

    /// Everything: the first administrator.
    package static let all: Permissions = [.manageKeys, .viewAllUsage, .manageBilling]
}

/// What is kept of one live secret.
package struct StoredSecret: Equatable, Sendable {
    package var digest: KeyDigest
    /// How the secret is shown: `tg_live_…9xQ2`.
    package var masked: String
    package var createdAt: WallTime
    /// When it stops working, for the older of two during a rotation.
    package var validUntil: WallTime?

    package init(
        digest: KeyDigest,
        masked: String,
        createdAt: WallTime,
        validUntil: WallTime? = nil
    ) {
        self.digest = digest
        self.masked = masked
        self.createdAt = createdAt
        self.validUntil = validUntil
    }
}
