/// Why a request should not pass.
struct Objection {
    let reason: Reason
    let limit: LimitDenial?
    let affordableTokens: UInt64
    /// Whether the request's content has to be read before it is known.
    let needsContent: Bool

    init(
        _ reason: Reason,
        limit: LimitDenial? = nil,
        affordableTokens: UInt64 = 0,
        needsContent: Bool = false
    ) {
        self.reason = reason
        self.limit = limit
        self.affordableTokens = affordableTokens
        self.needsContent = needsContent
    }
}
