/// What a policy says of models, as patterns: never more than it denies.
extension Policy {
    /// What a model's name must pass; what only holds under conditions denies nothing here.
    var modelRules: [NameRule] {
        let ruled = NameRule(
            allowed: rules.lazy.filter { $0.effect == .allow }.flatMap(\.models),
            denied: rules.lazy.filter { $0.effect == .deny }.flatMap(\.models)
        )
        let allowed = allowedModels
        let stated = NameRule(
            allowed: allowed ?? [],
            denied: statements.flatMap(\.deniedModels) + (allowed?.isEmpty == true ? .all : [])
        )
        return [ruled, stated].filter(\.restricts)
    }

    /// The models that statements allow to be called; nil when not only those may be.
    private var allowedModels: [Pattern]? {
        let allowances = statements.filter { $0.effect == .allow }
        let calls = allowances.filter { !$0.isOnlyOfListing }
        guard !allowances.isEmpty, calls.allSatisfy(\.isOnlyOfModels) else { return nil }
        return calls.flatMap(\.models)
    }
}

extension [Pattern] {
    /// Every name.
    fileprivate static var all: [Pattern] { ["*"].compactMap { Pattern($0) } }
}

extension CompiledStatement {
    /// Whether it is about listing the models, and not about calling one.
    fileprivate var isOnlyOfListing: Bool {
        actions?.allSatisfy { $0.text.lowercased().hasPrefix("models:") } ?? false
    }

    /// Whether it names models, and nothing else.
    fileprivate var isOnlyOfModels: Bool {
        resources.allSatisfy { if case .named(.model, _) = $0 { true } else { false } }
    }

    /// The models that it is about at most.
    fileprivate var models: [Pattern] {
        resources.flatMap { resource -> [Pattern] in
            guard case .named(.model, let pattern) = resource else { return [] }
            return pattern.text == "*" ? included ?? [pattern] : [pattern]
        }
    }

    /// The models that it denies whatever else is asked for.
    fileprivate var deniedModels: [Pattern] {
        guard effect == .deny, actions == nil, conditions.isEmpty, excluded == nil else {
            return []
        }
        return resources.flatMap { resource -> [Pattern] in
            switch resource {
            case .any: return .all
            case .named(.model, let pattern):
                if let included { return pattern.text == "*" ? included : [] }
                return [pattern]
            case .named: return []
            }
        }
    }
}
