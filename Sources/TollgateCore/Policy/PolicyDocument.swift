/// A policy as an administrator wrote it: who may do what to which model, and when.
///
/// A plain value that is kept as it is; `Policy` is what a decision reads.
package struct PolicyDocument: Equatable, Sendable {
    /// The one version of the language that there is.
    package static let currentVersion = "2024-01-01"

    package var version: String
    package var statements: [PolicyStatement]

    package init(
        version: String = PolicyDocument.currentVersion,
        statements: [PolicyStatement] = []
    ) {
        self.version = version
        self.statements = statements
    }
}

/// One sentence of a policy.
package struct PolicyStatement: Equatable, Sendable {
    package var effect: PolicyEffect
    /// Patterns of actions, `chat:*`; `*` alone stands for any.
    package var actions: [String]
    /// `model:`, `provider:`, `region:` or `supplier:` and a pattern, or `*` for any request.
    ///
    /// One that a request matches is enough.
    package var resources: [String]
    package var condition: PolicyCondition

    package init(
        effect: PolicyEffect,
        actions: [String],
        resources: [String],
        condition: PolicyCondition = PolicyCondition()
    ) {
        self.effect = effect
        self.actions = actions
        self.resources = resources
        self.condition = condition
    }
}

/// What a statement or a rule does to the requests that it is about.
///
/// The raw value is what is stored.
package enum PolicyEffect: UInt8, CaseIterable, Sendable {
    case allow = 1
    case deny = 2

    /// The word that callers see in a policy.
    package var name: String {
        switch self {
        case .allow: "Allow"
        case .deny: "Deny"
        }
    }
}
