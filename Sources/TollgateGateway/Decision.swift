internal import TollgateCore

/// A verdict, and what callers are told besides: the same in every protocol.
struct Decision {
    let verdict: Verdict
    /// What is left of the key's limits; empty for who must not know.
    let limits: LimitReport
    /// The HTTP status that the proxy should answer with.
    let status: UInt16
    /// What the key's content was looked through for, when it was.
    private let contentRules: ContentRules?

    /// Puts a decision together.
    ///
    /// - Parameters:
    ///   - verdict: what the engine decided.
    ///   - limits: what it reported.
    ///   - configuration: which status stands for which reason.
    ///   - contentRules: those of the key, when the request's content was looked at.
    init(
        _ verdict: Verdict,
        _ limits: LimitReport,
        _ configuration: GatewayConfiguration,
        _ contentRules: ContentRules? = nil
    ) {
        self.contentRules = contentRules
        self.verdict = verdict
        self.limits = verdict.reason.isAboutIdentity ? LimitReport() : limits
        status = configuration.status(of: verdict.reason)
    }

    /// The name of the content rule that denied, or its number; nil when none was found.
    var blockingRule: [UInt8]? {
        guard verdict.reason == .contentBlocked, let contentRules else { return nil }
        let isFound = verdict.found & contentRules.blocking != 0
        return isFound ? contentRules.name(ofBlocking: verdict.found) : nil
    }

    /// What is left of the limit that denied; nil when none did.
    var deniedLimit: LimitState? {
        verdict.limit.flatMap { limits.state(of: $0.limit, at: $0.level) }
    }

    /// The value of `retry-after`, in seconds; nil when there is no such header.
    var retryAfter: UInt64? {
        guard status == 429, let limit = verdict.limit, limit.retryAfter > 0 else { return nil }
        return limit.retryAfter.inWholeSeconds
    }

    /// Calls back for each header that tells what is left: the tightest limit of requests, and that
    /// of tokens.
    ///
    /// `x-ratelimit-reset-…` is in seconds. It is left out for a limit that never comes back, where
    /// a number would tell clients to try again.
    func forEachLimitHeader(_ body: (StaticString, UInt64) -> Void) {
        if let state = limits.requests {
            body("x-ratelimit-limit-requests", UInt64(clamping: state.limit))
            body("x-ratelimit-remaining-requests", UInt64(clamping: state.remaining))
            if state.name.comesBack {
                body("x-ratelimit-reset-requests", state.reset.inWholeSeconds)
            }
        }
        if let state = limits.tokens {
            body("x-ratelimit-limit-tokens", UInt64(clamping: state.limit))
            body("x-ratelimit-remaining-tokens", UInt64(clamping: state.remaining))
            if state.name.comesBack {
                body("x-ratelimit-reset-tokens", state.reset.inWholeSeconds)
            }
        }
    }
}

extension Reason {
    /// Whether the key does not work for who asks, who then is told nothing of its use either.
    fileprivate var isAboutIdentity: Bool { httpStatus == 401 || self == .ipNotAllowed }
}

extension LimitName {
    /// Whether what was used is there again after some time.
    var comesBack: Bool {
        switch self {
        case .perRequestMax, .budgetTotal, .balance, .tokensTotal, .requestsTotal: false
        case .perSecond, .perMinute, .perHour, .perDay, .tokensPerMinute, .concurrent,
            .budgetDaily, .budgetWeekly, .budgetMonthly, .tokensDaily, .tokensMonthly:
            true
        }
    }
}

extension UInt64 {
    /// Milliseconds as seconds, rounded up.
    fileprivate var inWholeSeconds: UInt64 {
        self / 1000 + (self % 1000 == 0 ? 0 : 1)
    }
}
