/// Why a request was denied: the stable codes that every caller sees.
///
/// One table for the RPC, the headers, the JSON body, the audit log and the metrics. The raw value
/// is what the journal stores, so a case keeps its number for good; new cases take new numbers.
package enum Reason: UInt8, CaseIterable, Sendable {
    /// Not a denial: the request may pass.
    case allowed = 0

    case missingAPIKey = 1
    case invalidAPIKey = 2
    case keyDisabled = 3
    case keyExpired = 4
    case keyRevoked = 5
    case ambiguousCredentials = 6

    case ipNotAllowed = 20
    case modelNotAllowed = 21
    case providerNotAllowed = 22
    case supplierNotAllowed = 23
    case regionNotAllowed = 24
    case actionNotAllowed = 25
    case pricingNotAllowed = 26
    case policyDenied = 27
    case requestTooLarge = 28
    case contentBlocked = 29
    case anomalyBlocked = 30

    case rateLimited = 40
    case tokenRateLimited = 41
    case concurrencyLimited = 42

    case budgetExceeded = 60
    case tokenQuotaExceeded = 61
    case requestQuotaExceeded = 62
    case balanceExhausted = 63
}

extension Reason {
    /// The code that callers match on, empty when the request may pass.
    package var code: StaticString {
        switch self {
        case .allowed: ""
        case .missingAPIKey: "missing_api_key"
        case .invalidAPIKey: "invalid_api_key"
        case .keyDisabled: "key_disabled"
        case .keyExpired: "key_expired"
        case .keyRevoked: "key_revoked"
        case .ambiguousCredentials: "ambiguous_credentials"
        case .ipNotAllowed: "ip_not_allowed"
        case .modelNotAllowed: "model_not_allowed"
        case .providerNotAllowed: "provider_not_allowed"
        case .supplierNotAllowed: "supplier_not_allowed"
        case .regionNotAllowed: "region_not_allowed"
        case .actionNotAllowed: "action_not_allowed"
        case .pricingNotAllowed: "pricing_not_allowed"
        case .policyDenied: "policy_denied"
        case .requestTooLarge: "request_too_large"
        case .contentBlocked: "content_blocked"
        case .anomalyBlocked: "anomaly_blocked"
        case .rateLimited: "rate_limited"
        case .tokenRateLimited: "token_rate_limited"
        case .concurrencyLimited: "concurrency_limited"
        case .budgetExceeded: "budget_exceeded"
        case .tokenQuotaExceeded: "token_quota_exceeded"
        case .requestQuotaExceeded: "request_quota_exceeded"
        case .balanceExhausted: "balance_exhausted"
        }
    }

    /// The HTTP status that a proxy should answer with.
    package var httpStatus: UInt16 {
        switch self {
        case .allowed: 200
        case .missingAPIKey, .invalidAPIKey, .keyDisabled, .keyExpired, .keyRevoked,
            .ambiguousCredentials:
            401
        case .ipNotAllowed, .modelNotAllowed, .providerNotAllowed, .supplierNotAllowed,
            .regionNotAllowed, .actionNotAllowed, .pricingNotAllowed, .policyDenied,
            .requestTooLarge, .contentBlocked, .anomalyBlocked:
            403
        case .rateLimited, .tokenRateLimited, .concurrencyLimited: 429
        case .budgetExceeded, .tokenQuotaExceeded, .requestQuotaExceeded, .balanceExhausted: 402
        }
    }

    /// One sentence for a person; it names no secret and no value of the request.
    package var message: StaticString {
        switch self {
        case .allowed: "The request may pass."
        case .missingAPIKey:
            "No API key was presented; send one as 'authorization: Bearer', 'x-api-key' or 'api-key'."
        case .invalidAPIKey: "The API key is not valid."
        case .keyDisabled: "The API key is disabled."
        case .keyExpired: "The API key has expired."
        case .keyRevoked: "The API key was revoked."
        case .ambiguousCredentials: "The request presents two different API keys."
        case .ipNotAllowed: "The API key may not be used from this address."
        case .modelNotAllowed: "The API key may not use this model."
        case .providerNotAllowed: "The API key may not use this provider."
        case .supplierNotAllowed: "The API key may not use this supplier."
        case .regionNotAllowed: "The API key may not be used for this region."
        case .actionNotAllowed: "The API key may not perform this action."
        case .pricingNotAllowed:
            "The API key may not use a model of this price, or of which no price is known."
        case .policyDenied: "The policy of the API key denies this request."
        case .requestTooLarge:
            "The request asks for more tokens than the API key may use at once, or for nobody knows how many."
        case .contentBlocked: "The content of the request is blocked."
        case .anomalyBlocked: "The request is unlike what the API key is used for, and was blocked."
        case .rateLimited: "Too many requests."
        case .tokenRateLimited: "Too many tokens."
        case .concurrencyLimited: "Too many requests at once."
        case .budgetExceeded: "The budget is used up."
        case .tokenQuotaExceeded: "The token quota is used up."
        case .requestQuotaExceeded: "The request quota is used up."
        case .balanceExhausted: "The prepaid balance is used up."
        }
    }

    /// The reason with this code, for filters that a person types.
    package init?(code: String) {
        guard let reason = Reason.allCases.first(where: { "\($0.code)" == code }) else {
            return nil
        }
        self = reason
    }
}

extension Reason {
    /// Whether a request for fewer tokens might pass.
    package var dependsOnTokens: Bool {
        switch self {
        case .requestTooLarge, .tokenRateLimited, .tokenQuotaExceeded, .budgetExceeded,
            .balanceExhausted:
            true
        default: false
        }
    }
}
