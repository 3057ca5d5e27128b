/// So many requests, tokens and nano-USD: what a request takes of the three things that are metered.
///
/// Sums stop at the ends of 64 bits instead of wrapping or trapping. Holds never come so far, see
/// `MeterChain.hasRoom`; a report of more than was held may, and then nothing passes any more.
package struct Amounts: Equatable, Sendable {
    package var requests: Int64
    package var tokens: Int64
    /// In nano-USD.
    package var cost: Int64

    package static let zero = Amounts()

    package init(requests: Int64 = 0, tokens: Int64 = 0, cost: Int64 = 0) {
        self.requests = requests
        self.tokens = tokens
        self.cost = cost
    }

    /// The sum, each part on its own.
    package static func + (left: Amounts, right: Amounts) -> Amounts {
        Amounts(
            requests: left.requests.addingSaturated(right.requests),
            tokens: left.tokens.addingSaturated(right.tokens),
            cost: left.cost.addingSaturated(right.cost)
        )
    }

    /// The difference, each part on its own.
    package static func - (left: Amounts, right: Amounts) -> Amounts {
        left + -right
    }

    /// The same amounts the other way.
    package static prefix func - (amounts: Amounts) -> Amounts {
        Amounts(
            requests: amounts.requests.negatedSaturated,
            tokens: amounts.tokens.negatedSaturated,
            cost: amounts.cost.negatedSaturated
        )
    }

    package static func += (left: inout Amounts, right: Amounts) {
        left = left + right
    }

    /// The part that a limit counts.
    package subscript(metered: Metered) -> Int64 {
        switch metered {
        case .requests, .holds: requests
        case .tokens: tokens
        case .cost: cost
        }
    }
}

/// What a limit counts.
package enum Metered: UInt8, Sendable {
    case requests
    case tokens
    case cost
    /// Requests that were allowed and are not settled yet.
    case holds
}

extension Int64 {
    /// The sum, or the end of the range that it would pass.
    package func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The number the other way; the lowest one becomes the highest.
    package var negatedSaturated: Int64 { self == .min ? .max : -self }
}
