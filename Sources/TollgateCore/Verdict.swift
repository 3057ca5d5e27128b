/// The answer to a `CheckRequest`.
///
/// A trivial value: copying it costs nothing and it owns nothing.
package struct Verdict: Sendable {
    /// `.allowed`, or why not.
    package let reason: Reason

    /// The key that was found; nil when none was.
    package let keyID: KeyID?

    /// The name under which usage is reported; `.none` when denied or a dry run.
    package let reservation: ReservationID

    /// Whether the request may pass.
    package var isAllowed: Bool { reason == .allowed }

    /// A denial.
    package init(denying reason: Reason, keyID: KeyID?) {
        precondition(reason != .allowed)
        self.reason = reason
        self.keyID = keyID
        reservation = .none
    }

    /// An allow: only `Decide` may make one, and makes it in one place.
    fileprivate init(allowing keyID: KeyID, reservation: ReservationID) {
        reason = .allowed
        self.keyID = keyID
        self.reservation = reservation
    }
}

/// The decision: pure, the same for the same question, rules and time.
package enum Decide {
    /// Decides a question that names a key we know.
    ///
    /// - Parameters:
    ///   - request: the question.
    ///   - rules: those of the key that the request's secret belongs to.
    ///   - now: the time of the turn.
    ///   - reservation: the name that an allowed request gets.
    /// - Returns: the verdict; it counts only once it is in the journal.
    package static func verdict(
        on request: borrowing CheckRequest,
        rules: KeyRules,
        at now: Now,
        reservation: ReservationID
    ) -> Verdict {
        if let reason = denial(of: request, rules, now) {
            return Verdict(denying: reason, keyID: rules.id)
        }
        return Verdict(allowing: rules.id, reservation: request.isDryRun ? .none : reservation)
    }

    /// Decides a question whose secret belongs to no key, or that has none.
    package static func verdict(
        withoutKey credentials: CheckRequest.Credentials
    ) -> Verdict {
        switch credentials {
        case .missing: Verdict(denying: .missingAPIKey, keyID: nil)
        case .ambiguous: Verdict(denying: .ambiguousCredentials, keyID: nil)
        case .presented, .unusable: Verdict(denying: .invalidAPIKey, keyID: nil)
        }
    }

    /// The first reason against the request, in the order that callers are promised: the key's
    /// standing, its addresses, then what it may name.
    private static func denial(
        of request: borrowing CheckRequest,
        _ rules: KeyRules,
        _ now: Now
    ) -> Reason? {
        if let reason = standing(of: rules, at: now.wall) { return reason }
        if !permitsAddress(request.clientIP, rules) { return .ipNotAllowed }
        // Spelled out: a loop over all cases would make an array for each request.
        if !permits(request, .model, rules) { return .modelNotAllowed }
        if !permits(request, .provider, rules) { return .providerNotAllowed }
        if !permits(request, .supplier, rules) { return .supplierNotAllowed }
        if !permits(request, .region, rules) { return .regionNotAllowed }
        if !permits(request, .action, rules) { return .actionNotAllowed }
        return nil
    }

    /// Why the key cannot be used at all, whatever the request.
    package static func standing(of rules: KeyRules, at time: WallTime) -> Reason? {
        switch rules.status {
        case .revoked: return .keyRevoked
        case .disabled: return .keyDisabled
        case .expired: return .keyExpired
        case .enabled: break
        }
        if let expiresAt = rules.expiresAt, expiresAt <= time { return .keyExpired }
        return nil
    }

    private static func permitsAddress(_ address: IPAddress?, _ rules: KeyRules) -> Bool {
        guard let networks = rules.networks else { return true }
        guard let address else { return false }
        for index in networks.indices where networks[index].contains(address) { return true }
        return false
    }

    private static func permits(
        _ request: borrowing CheckRequest,
        _ dimension: Dimension,
        _ rules: KeyRules
    ) -> Bool {
        if request.isUnreadable(dimension.field) { return false }
        switch dimension {
        case .model: return permitsModel(request, rules)
        case .provider: return rules.providers.permits(request[.provider])
        case .supplier: return rules.suppliers.permits(request[.supplier])
        case .region: return rules.regions.permits(request[.region])
        case .action: return rules.actions.permits(request[.action])
        }
    }

    private static func permitsModel(
        _ request: borrowing CheckRequest,
        _ rules: KeyRules
    ) -> Bool {
        let other = request.otherModel
        if !other.isEmpty, !rules.models.permits(other) { return false }
        // Listing the models is the one action that names none.
        return rules.models.permits(request[.model])
            || !request.has(.model) && Text.equal(request[.action], Action.listModels)
    }

    /// What a request names, in the order in which it is checked.
    private enum Dimension: CaseIterable {
        case model
        case provider
        case supplier
        case region
        case action

        var reason: Reason {
            switch self {
            case .model: .modelNotAllowed
            case .provider: .providerNotAllowed
            case .supplier: .supplierNotAllowed
            case .region: .regionNotAllowed
            case .action: .actionNotAllowed
            }
        }

        var field: CheckRequest.Field {
            switch self {
            case .model: .model
            case .provider: .provider
            case .supplier: .supplier
            case .region: .region
            case .action: .action
            }
        }

        var name: String {
            switch self {
            case .model: "model"
            case .provider: "provider"
            case .supplier: "supplier"
            case .region: "region"
            case .action: "action"
            }
        }
    }

    /// Every check of the decision in order, one line each: for people who ask why.
    package static func explanation(
        of request: borrowing CheckRequest,
        rules: KeyRules,
        at now: Now
    ) -> [String] {
        func line(_ name: String, _ passes: Bool, _ reason: Reason) -> String {
            "\(name): \(passes ? "passes" : "denies (\(reason.code))")"
        }
        let standing = standing(of: rules, at: now.wall)
        var lines = [line("key", standing == nil, standing ?? .allowed)]
        lines.append(
            line("address", permitsAddress(request.clientIP, rules), .ipNotAllowed)
        )
        for dimension in Dimension.allCases {
            lines.append(
                line(dimension.name, permits(request, dimension, rules), dimension.reason)
            )
        }
        return lines
    }
}

/// The actions that Tollgate itself knows; callers may use others.
package enum Action {
    package static let chatCompletions: StaticString = "chat:completions"
    package static let chatStream: StaticString = "chat:stream"
    package static let listModels: StaticString = "models:list"
}
