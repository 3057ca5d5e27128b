/// Asks the RPC of a server: `tollgate.v1.Authorization/Check`.
protocol CheckClient: Sendable {
    /// Asks one question.
    ///
    /// - Throws: `CommandFailure` when there is no answer: the server cannot be reached, or the
    ///   call ended with another status than OK.
    func check(_ question: CheckQuestion) async throws -> CheckAnswer
}

/// One question, with the fields of `tollgate.v1.CheckRequest`.
struct CheckQuestion: Equatable, Sendable {
    var key = ""
    var model = ""
    var region = ""
    var tokens: UInt64 = 0
    var inputTokens: UInt64 = 0
    var provider = ""
    var supplier = ""
    var action = ""
    var clientIP = ""
    var userAgent = ""
    var requestID = ""
    var metadata: [String: String] = [:]
    var isDryRun = false
    var wantsExplanation = false
}

/// The answer, with the fields of `tollgate.v1.CheckResponse`.
struct CheckAnswer: Equatable, Sendable {
    /// How much of a limit is left.
    struct Limit: Equatable, Sendable {
        var name = ""
        var level = ""
        var limit: Int64 = 0
        var remaining: Int64 = 0
        var resetMilliseconds: UInt64 = 0
    }

    var isAllowed = false
    var reason = ""
    var message = ""
    var httpStatus: UInt32 = 0
    var reservationID = ""
    var keyID = ""
    var reservedCostNanos: Int64 = 0
    var retryAfterMilliseconds: UInt64 = 0
    var affordableTokens: UInt64 = 0
    var limits: [Limit] = []
    var explanation: [String] = []
    /// Why the key would have been denied, were it not only monitored; empty when it is not.
    var monitoredReason = ""
}
