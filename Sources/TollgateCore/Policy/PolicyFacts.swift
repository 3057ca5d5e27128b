/// What a policy is judged by, besides the request itself.
package struct PolicyFacts: Equatable, Sendable {
    package var now: WallTime
    /// What the key has spent in the day's window: settled and held together, so that requests which
    /// are still under way cannot pass a bound one behind the other.
    package var dailySpent: Money
    /// The same for the month's window.
    package var monthlySpent: Money
    /// The same for all time.
    package var totalSpent: Money
    /// What the model costs, the dearer of two that the request names; nil when it has no price.
    package var price: ModelPrice?

    package init(
        now: WallTime,
        dailySpent: Money = .zero,
        monthlySpent: Money = .zero,
        totalSpent: Money = .zero,
        price: ModelPrice? = nil
    ) {
        self.now = now
        self.dailySpent = dailySpent
        self.monthlySpent = monthlySpent
        self.totalSpent = totalSpent
        self.price = price
    }
}

/// Why a policy, a rule or a pricing restriction denies a request.
package struct PolicyDenial: Equatable, Sendable {
    /// What decided.
    package enum Cause: Equatable, Sendable {
        /// The statement at this place denies.
        case statement(Int)
        /// Statements allow something, but none of them this.
        case noStatement
        /// The IAM rule at this place denies.
        case rule(Int)
        /// IAM rules allow something of the kind, but none of them this.
        case noRule
        /// The key's pricing restriction.
        case pricing
    }

    package let reason: Reason
    package let cause: Cause
}

/// Whether something holds of a request that may leave open what it is about.
///
/// Of several things that must all hold, the least decides; of several of which one is enough, the
/// greatest.
enum Truth: UInt8, Comparable {
    case no
    /// The request does not say, or says it in a way that cannot be read.
    case unknown
    case yes

    init(_ isTrue: Bool) {
        self = isTrue ? .yes : .no
    }

    static func < (left: Truth, right: Truth) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Puts together what allows and what denies.
///
/// What might deny a request does; what might allow it does not.
struct Ballot {
    private(set) var isDenied = false
    private var allowances = 0
    private var isAllowed = false

    /// Whether something could allow the request, but nothing does.
    var isLeftOut: Bool { allowances > 0 && !isAllowed }

    mutating func count(_ effect: PolicyEffect, _ truth: Truth) {
        switch effect {
        case .allow:
            allowances += 1
            isAllowed = isAllowed || truth == .yes
        case .deny:
            isDenied = isDenied || truth != .no
        }
    }
}
