/// What a request names, and a resource of a policy can be about.
enum NameDimension: CaseIterable {
    case model
    case provider
    case region
    case supplier

    /// The word before the colon in a resource.
    var name: String {
        switch self {
        case .model: "model"
        case .provider: "provider"
        case .region: "region"
        case .supplier: "supplier"
        }
    }

    var field: CheckRequest.Field {
        switch self {
        case .model: .model
        case .provider: .provider
        case .region: .region
        case .supplier: .supplier
        }
    }
}

/// How a request is looked at: with which of its model's names, and by which facts.
///
/// A trivial value, so that passing it on costs nothing.
struct PolicyInquiry {
    let facts: PolicyFacts
    /// Whether the model is called by the second of the names that the request has for it.
    let usesOtherModel: Bool
    /// Whether the request lists the models: the one action that names none.
    let isListing: Bool

    init(of request: borrowing CheckRequest, _ facts: PolicyFacts, usesOtherModel: Bool = false) {
        self.facts = facts
        self.usesOtherModel = usesOtherModel
        isListing =
            !usesOtherModel && !request.has(.model) && !request.isUnreadable(.model)
            && !request.isUnreadable(.action)
            && Text.equal(request[.action], Action.listModels)
    }
}

extension CheckRequest {
    /// The name in a dimension, empty when the request has none.
    @_lifetime(borrow self)
    func name(_ dimension: NameDimension, _ inquiry: PolicyInquiry) -> Span<UInt8> {
        guard inquiry.usesOtherModel else { return self[dimension.field] }
        return switch dimension {
        case .model: otherModel
        case .provider: otherProvider
        default: self[dimension.field]
        }
    }

    /// Whether a name is one of these; unknown when there is none, or none that can be read.
    func isNamed(
        _ dimension: NameDimension,
        _ patterns: [Pattern],
        _ inquiry: PolicyInquiry
    ) -> Truth {
        let name = name(dimension, inquiry)
        if isUnreadable(dimension.field) || name.isEmpty { return .unknown }
        return Truth(matches(patterns, dimension, inquiry))
    }

    /// Whether a pattern stands for what is named in a dimension: for a model, by any of its names.
    func matches(
        _ pattern: Pattern,
        _ dimension: NameDimension,
        _ inquiry: PolicyInquiry
    ) -> Bool {
        if pattern.matches(name(dimension, inquiry)) { return true }
        guard dimension == .model else { return false }
        return pattern.matchesAny(inquiry.usesOtherModel ? otherModelNames : modelNames)
    }

    /// Whether one of the patterns does.
    func matches(
        _ patterns: [Pattern],
        _ dimension: NameDimension,
        _ inquiry: PolicyInquiry
    ) -> Bool {
        for index in patterns.indices where matches(patterns[index], dimension, inquiry) {
            return true
        }
        return false
    }
}

extension [Pattern] {
    /// Whether one of the patterns stands for this name.
    func matchAny(_ name: Span<UInt8>) -> Bool {
        for index in indices where self[index].matches(name) { return true }
        return false
    }
}
