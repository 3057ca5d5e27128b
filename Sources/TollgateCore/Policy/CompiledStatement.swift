/// A statement of a policy, compiled.
struct CompiledStatement: Sendable {
    /// A part of a statement, any one of which can keep it from holding.
    enum Part: Equatable {
        case actions
        case resources
        case condition(Int)
    }

    /// Whether a statement holds, and if not surely, because of which part.
    struct Finding {
        private(set) var truth = Truth.yes
        private(set) var part: Part?

        mutating func require(_ truth: Truth, _ part: Part) {
            guard truth < self.truth else { return }
            self.truth = truth
            self.part = part
        }
    }

    let effect: PolicyEffect
    /// Nil for any action, even one that is not named.
    let actions: [Pattern]?
    let resources: [CompiledResource]
    /// The condition `in`.
    let included: [Pattern]?
    /// The condition `not_in`.
    let excluded: [Pattern]?
    let conditions: [CompiledCondition]

    init(_ statement: PolicyStatement, _ zones: ZoneCatalogue) throws(PolicyProblem) {
        effect = statement.effect
        let patterns = try PolicyProblem.at("actions") { () throws(PolicyProblem) in
            try PolicyBounds.patterns(statement.actions)
        }
        actions = patterns.contains { $0.text == "*" } ? nil : patterns
        resources = try PolicyProblem.at("resources") { () throws(PolicyProblem) in
            try CompiledResource.list(statement.resources)
        }
        let names = (statement.condition.isIn, statement.condition.notIn)
        if names != (nil, nil), resources.contains(.any) {
            let message = "does not say of which names: write model:* or provider:* instead of *"
            throw PolicyProblem(names.0 != nil ? "condition.in" : "condition.not_in", message)
        }
        included = try CompiledStatement.names(names.0, "condition.in")
        excluded = try CompiledStatement.names(names.1, "condition.not_in")
        conditions = try PolicyProblem.at("condition") { () throws(PolicyProblem) in
            try [CompiledCondition](statement.condition, zones)
        }
    }

    /// How many entries the lists have together.
    var entryCount: Int {
        let names = (actions?.count ?? 0) + (included?.count ?? 0) + (excluded?.count ?? 0)
        return conditions.reduce(names + resources.count) { $0 + $1.entryCount }
    }

    private static func names(
        _ names: [String]?,
        _ path: String
    ) throws(PolicyProblem) -> [Pattern]? {
        guard let names else { return nil }
        return try PolicyProblem.at(path) { () throws(PolicyProblem) in
            try PolicyBounds.patterns(names)
        }
    }

    /// Whether the statement is about the request, and its conditions hold.
    func finding(_ request: borrowing CheckRequest, _ inquiry: PolicyInquiry) -> Finding {
        var finding = Finding()
        finding.require(isAboutAction(request), .actions)
        if finding.truth == .no { return finding }
        finding.require(isAboutResource(request, inquiry), .resources)
        for index in conditions.indices {
            if finding.truth == .no { return finding }
            finding.require(conditions[index].holds(request, inquiry), .condition(index))
        }
        return finding
    }

    private func isAboutAction(_ request: borrowing CheckRequest) -> Truth {
        guard let actions else { return .yes }
        let action = request[.action]
        if request.isUnreadable(.action) || action.isEmpty { return .unknown }
        return Truth(actions.matchAny(action))
    }

    private func isAboutResource(
        _ request: borrowing CheckRequest,
        _ inquiry: PolicyInquiry
    ) -> Truth {
        var truth = Truth.no
        for index in resources.indices where truth != .yes {
            truth = max(truth, isAbout(resources[index], request, inquiry))
        }
        return truth
    }

    private func isAbout(
        _ resource: CompiledResource,
        _ request: borrowing CheckRequest,
        _ inquiry: PolicyInquiry
    ) -> Truth {
        guard case .named(let dimension, let pattern) = resource else { return .yes }
        if dimension == .model, inquiry.isListing { return isAboutListing }
        let name = request.name(dimension, inquiry)
        if request.isUnreadable(dimension.field) || name.isEmpty { return .unknown }
        guard request.matches(pattern, dimension, inquiry) else { return .no }
        if let included, !request.matches(included, dimension, inquiry) { return .no }
        if let excluded, request.matches(excluded, dimension, inquiry) { return .no }
        return .yes
    }

    /// Whether what is said of models is said of listing them.
    ///
    /// Who may use some models may see which; who may not use some may see that there are others. Only
    /// a denial that names the action itself, and not just any, is about it.
    private var isAboutListing: Truth {
        Truth(effect == .allow || actions != nil)
    }
}

/// What a statement is about.
enum CompiledResource: Hashable, Sendable {
    /// Any request at all, whatever it names.
    case any
    case named(NameDimension, Pattern)

    static func list(_ texts: [String]) throws(PolicyProblem) -> [CompiledResource] {
        try PolicyBounds.check(texts)
        var resources: [CompiledResource] = []
        resources.reserveCapacity(texts.count)
        for (index, text) in texts.enumerated() {
            guard let resource = CompiledResource(text) else {
                let message =
                    "must be *, or model:, provider:, region: or supplier: and a name or pattern"
                throw PolicyProblem("[\(index)]", message)
            }
            resources.append(resource)
        }
        return resources
    }

    private init?(_ text: String) {
        if text == "*" {
            self = .any
            return
        }
        // A model's name can have colons of its own.
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard
            parts.count == 2,
            let dimension = NameDimension.allCases.first(where: { $0.name == parts[0] }),
            let pattern = Pattern(String(parts[1]))
        else { return nil }
        self = .named(dimension, pattern)
    }
}
