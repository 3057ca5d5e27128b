/// What a decision reads of a key: compiled once when the key is loaded, never changed afterwards.
package final class KeyRules: Sendable {
    package let id: KeyID
    /// What the key's requests may be about.
    package let access: AccessRules
    package let limits: LimitRules
    /// What is unusual for the key; nil when nobody wants to know.
    let anomaly: AnomalyRule?
    /// What is looked for in the content of requests; nil for nothing.
    package let content: ContentRules?
    /// Those secrets that were replaced and work for a while.
    private let others: [Secret]
    /// The secret that works; within the object, as hardly a key has another.
    private let secret: Secret?

    // The small ones side by side: there are as many of these objects as keys in use.
    package let status: KeyStatus
    /// Whether the key may do nothing but list the models.
    package let isReadOnly: Bool
    package let permissions: Permissions
    package let enforcement: Enforcement
    package let unsettled: UnsettledPolicy
    /// Whether somebody is to be told when the key comes near one of its limits.
    let isWatched: Bool

    /// Compiles a record.
    ///
    /// - Parameters:
    ///   - record: the key.
    ///   - zones: where time zones are found.
    ///   - shared: parts that other keys may have in common with it.
    /// - Throws: the first thing in the record that is not a pattern or a network. Records are
    ///   checked by this very function before they are stored, so later it means a damaged store.
    package init(
        _ record: KeyRecord,
        zones: ZoneCatalogue,
        sharing shared: inout SharedRules
    ) throws(RuleProblem) {
        id = record.id
        status = record.status
        isReadOnly = record.access == .readOnly
        permissions = record.permissions
        let secrets = record.secrets.map { Secret(digest: $0.digest, validUntil: $0.validUntil) }
        secret = secrets.first
        others = Array(secrets.dropFirst())
        enforcement = record.enforcement
        unsettled = record.unsettled
        isWatched = record.notices.haveThresholds
        anomaly = AnomalyRule(record)
        content = try shared.content(record.notices.contentRules)
        access = try shared.access(record.restrictions, zones: zones)
        do {
            limits = try shared.limits(record.limits, zones: zones)
        } catch {
            throw .limit(error)
        }
    }

    /// Compiles a record that shares nothing with others.
    package convenience init(_ record: KeyRecord, zones: ZoneCatalogue) throws(RuleProblem) {
        var shared = SharedRules()
        try self.init(record, zones: zones, sharing: &shared)
    }

    /// When the key ends; nil for never.
    package var expiresAt: WallTime? { access.expiresAt }

    /// Whether a secret with this digest is the key's, or was until its grace ended.
    package func knows(_ digest: KeyDigest) -> Bool { find(digest) != nil }

    /// Whether a secret with this digest is the key's at a time.
    package func accepts(_ digest: KeyDigest, at time: WallTime) -> Bool {
        guard let found = find(digest) else { return false }
        return found.validUntil.map { time < $0 } ?? true
    }

    @inline(__always)
    private func find(_ digest: KeyDigest) -> Secret? {
        if let secret, secret.digest == digest { return secret }
        for index in others.indices where others[index].digest == digest { return others[index] }
        return nil
    }

    /// The digest of a secret, and until when it works; nil for always.
    private struct Secret {
        let digest: KeyDigest
        let validUntil: WallTime?
    }
}
