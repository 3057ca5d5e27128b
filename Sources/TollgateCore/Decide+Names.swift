/// What a key may name, and from where.
extension Decide {
    /// The first thing that a request names and the lists of the key, or of a group above it, do not
    /// permit, or the supplier does not serve, as a reason.
    static func denialOfNames(
        in request: borrowing CheckRequest,
        _ subject: DecisionSubject,
        _ supplier: RequestSupplier
    ) -> Reason? {
        var first = firstDenied(request, subject.rules.access)
        if supplier.denial(of: request) != nil {
            first = first.map { min($0, .supplier) } ?? .supplier
        }
        if subject.rules.isReadOnly, !isListing(request) {
            first = first.map { min($0, .action) } ?? .action
        }
        for level in 1..<MeterChain.levelCount {
            guard let access = subject.chain.access(ofGroupAt: level) else { continue }
            guard let denied = firstDenied(request, access) else { continue }
            first = first.map { min($0, denied) } ?? denied
        }
        return first?.reason
    }

    /// The first dimension in which a request names what the rules do not permit.
    private static func firstDenied(
        _ request: borrowing CheckRequest,
        _ rules: AccessRules
    ) -> Dimension? {
        // Spelled out: a loop over all cases would make an array for each request.
        if !permits(request, .model, rules) { return .model }
        if !permits(request, .provider, rules) { return .provider }
        if !permits(request, .supplier, rules) { return .supplier }
        if !permits(request, .region, rules) { return .region }
        if !permits(request, .action, rules) { return .action }
        return nil
    }

    static func permitsAddress(_ address: IPAddress?, _ rules: AccessRules) -> Bool {
        guard let networks = rules.networks else { return true }
        guard let address else { return false }
        for index in networks.indices where networks[index].contains(address) { return true }
        return false
    }

    static func permits(
        _ request: borrowing CheckRequest,
        _ dimension: Dimension,
        _ rules: AccessRules
    ) -> Bool {
        if request.isUnreadable(dimension.field) { return false }
        switch dimension {
        case .model: return permitsModel(request, rules)
        case .provider: return permitsProvider(request, rules)
        case .supplier: return rules.suppliers.permits(request[.supplier])
        case .region: return rules.regions.permits(request[.region])
        case .action: return rules.actions.permits(request[.action])
        }
    }

    private static func permitsModel(
        _ request: borrowing CheckRequest,
        _ rules: AccessRules
    ) -> Bool {
        let other = request.otherModel
        if !other.isEmpty, !rules.models.permits(other, alsoCalled: request.otherModelNames) {
            return false
        }
        // Listing the models is the one action that names none.
        return rules.models.permits(request[.model], alsoCalled: request.modelNames)
            || !request.has(.model) && Text.equal(request[.action], Action.listModels)
    }

    /// The provider of each model that the request names: which of them counts, we cannot tell.
    private static func permitsProvider(
        _ request: borrowing CheckRequest,
        _ rules: AccessRules
    ) -> Bool {
        if !request.otherModel.isEmpty, !rules.providers.permits(request.otherProvider) {
            return false
        }
        return rules.providers.permits(request[.provider])
    }

    /// Whether a request does nothing but list the models.
    package static func isListing(_ request: borrowing CheckRequest) -> Bool {
        !request.isUnreadable(.action) && Text.equal(request[.action], Action.listModels)
    }

    /// What a request names, in the order in which it is checked.
    enum Dimension: UInt8, CaseIterable, Comparable {
        case model
        case provider
        case supplier
        case region
        case action

        static func < (left: Dimension, right: Dimension) -> Bool {
            left.rawValue < right.rawValue
        }

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
}

/// The actions that Tollgate itself knows; callers may use others.
package enum Action {
    package static let chatCompletions: StaticString = "chat:completions"
    package static let chatStream: StaticString = "chat:stream"
    package static let listModels: StaticString = "models:list"

    /// Whether providers take money for an action: those of which `RequestPath` knows the path, but
    /// for listing, counting and moderating.
    static func isPaid(_ action: Span<UInt8>) -> Bool {
        isOf("chat:", action) || isOf("messages:", action) || isOf("responses:", action)
            || isOf("embeddings:", action) || isOf("images:", action) || isOf("audio:", action)
    }

    /// Whether an action is of a kind: `chat:`.
    static func isOf(_ kind: StaticString, _ action: Span<UInt8>) -> Bool {
        let count = kind.utf8CodeUnitCount
        return action.count >= count && Text.equal(action.extracting(0..<count), kind)
    }
}
