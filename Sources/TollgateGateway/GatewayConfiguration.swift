package import TollgateCore

/// How the gateway reads what proxies send, and what it has them answer.
package struct GatewayConfiguration: Sendable {
    /// Whether `x-tollgate-*` headers of a request count; any client can send those, so only where
    /// the proxy removes or overwrites them.
    package var trustsRequestHeaders = false

    /// How many entries of `x-forwarded-for`, from the right, trusted proxies have written.
    package var trustedHops = 0

    /// The maximum output that is assumed when neither the request nor its model names one.
    package var defaultMaximumOutput: UInt64 = 4096

    /// What a client is answered whose budget, quota or balance is used up.
    package var budgetStatus = BudgetStatus.paymentRequired

    package init() {}

    /// The HTTP status that a proxy should answer with: the one place that knows it.
    package func status(of reason: Reason) -> UInt16 {
        switch reason {
        case .budgetExceeded, .tokenQuotaExceeded, .requestQuotaExceeded, .balanceExhausted:
            budgetStatus.rawValue
        default: reason.httpStatus
        }
    }
}

/// The statuses that can stand for a budget, quota or balance that is used up.
///
/// Clients differ in what they do with each: some retry any 429, some know no 402.
package enum BudgetStatus: UInt16, CaseIterable, Sendable {
    case paymentRequired = 402
    case forbidden = 403
    case tooManyRequests = 429
}
