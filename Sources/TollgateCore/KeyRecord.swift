/// Everything that is kept about a key: what an administrator reads and writes, and what is stored.
///
/// A plain value. `KeyRules` is what a decision reads; it is compiled from this one. What bounds the
/// key's requests is in `restrictions`, whose fields can be named as if they were the record's own.
@dynamicMemberLookup
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

    package var restrictions = Restrictions()
    /// How much of what there is the key may use.
    package var access = AccessLevel.custom
    package var permissions: Permissions = []

    /// The name of the key's organisation.
    ///
    /// There is one whenever there is a team or a user.
    package var organization: String?
    package var team: String?
    package var user: String?

    /// Whether it was made for a while: by whom, `createdBy` says.
    package var isTemporary = false
    /// The session that the key is bound to: it is revoked with all others of the session.
    package var session: String?
    package var notices = KeyNotices()

    package var enforcement = Enforcement.enforce
    /// What happens to requests whose usage nobody reports.
    package var unsettled = UnsettledPolicy.charge

    /// The live secrets, newest first: one, or two while a rotation's grace lasts.
    package var secrets: [StoredSecret] = []
    /// Whether it is on record that the key's time is over.
    package var isExpiryRecorded = false

    /// Grows by one with every change, so that two writers cannot overwrite each other.
    package var version: UInt64 = 1

    package init(id: KeyID, name: String, createdAt: WallTime) {
        self.id = id
        self.name = name
        self.createdAt = createdAt
        updatedAt = createdAt
    }

    /// A field of the restrictions.
    package subscript<Value>(dynamicMember field: WritableKeyPath<Restrictions, Value>) -> Value {
        get { restrictions[keyPath: field] }
        set { restrictions[keyPath: field] = newValue }
    }

    /// The status that callers see at a time.
    package func effectiveStatus(at time: WallTime) -> KeyStatus {
        if status == .enabled, let end = restrictions.expiresAt, end <= time { return .expired }
        return status
    }

    /// The session by which the key must be found; nil when it is bound to none, or needs no end.
    package var indexedSession: String? { status == .revoked ? nil : session }

    /// When it has to be recorded that the key's time is over; nil when it need not.
    package var indexedExpiry: WallTime? {
        status == .revoked || isExpiryRecorded ? nil : restrictions.expiresAt
    }
}

/// How much of what there is a key may use.
///
/// The raw value is what is stored.
package enum AccessLevel: UInt8, CaseIterable, Sendable {
    /// All models and features: lists, rules and a policy that take something away cannot be.
    case full = 1
    /// Nothing but listing the models, and to see usage where it is permitted.
    case readOnly = 2
    /// What lists, rules and policy say.
    case custom = 3

    /// The word that callers write.
    package var name: String {
        switch self {
        case .full: "full"
        case .readOnly: "read_only"
        case .custom: "custom"
        }
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

/// What a key may do besides asking for models.
///
/// The raw value is what is stored.
package struct Permissions: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
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
    /// Whether the secret came as its SHA-256: the digest is then one of that.
    package var isHashed: Bool

    package init(
        digest: KeyDigest,
        masked: String,
        createdAt: WallTime,
        validUntil: WallTime? = nil,
        isHashed: Bool = false
    ) {
        self.digest = digest
        self.masked = masked
        self.createdAt = createdAt
        self.validUntil = validUntil
        self.isHashed = isHashed
    }

    /// Whether it works at a time.
    package func isLive(at time: WallTime) -> Bool {
        validUntil.map { time < $0 } ?? true
    }
}
