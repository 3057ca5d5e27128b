/// Who may use a key at all.
extension Decide {
    /// Why the key cannot be used at all, whatever the request.
    package static func standing(of rules: KeyRules, at time: WallTime) -> Reason? {
        switch rules.status {
        case .revoked: return .keyRevoked
        case .disabled: return .keyDisabled
        case .expired: return .keyExpired
        case .enabled: break
        }
        return rules.access.isExpired(at: time) ? .keyExpired : nil
    }

    /// Why whoever asks from an address may not use the key: its own standing and that of the
    /// groups above it, then where it may be used from.
    ///
    /// Holds for keys that are only monitored, too: who may use a key is not what is being tried out.
    ///
    /// - Parameters:
    ///   - address: where the question comes from; nil when that is not known.
    ///   - subject: the key.
    ///   - time: now.
    /// - Returns: nil when it may be used.
    package static func identityDenial(
        from address: IPAddress?,
        _ subject: DecisionSubject,
        at time: WallTime
    ) -> Reason? {
        if let reason = standing(of: subject.rules, at: time) { return reason }
        if let reason = standing(of: subject.chain, at: time) { return reason }
        if !permitsAddress(address, subject.rules.access) { return .ipNotAllowed }
        for level in 1..<MeterChain.levelCount {
            guard let access = subject.chain.access(ofGroupAt: level) else { continue }
            if !permitsAddress(address, access) { return .ipNotAllowed }
        }
        return nil
    }

    /// Why no key of the groups can be used.
    static func standing(of chain: MeterChain, at time: WallTime) -> Reason? {
        if !chain.isEnabled { return .keyDisabled }
        for level in 1..<MeterChain.levelCount
        where chain.access(ofGroupAt: level)?.isExpired(at: time) == true { return .keyExpired }
        return nil
    }
}
