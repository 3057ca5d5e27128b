/// `tollgate.v1.CheckRequest { key = 1, model = 2, region = 3, tokens = 4, input_tokens = 5,
/// provider = 6, dry_run = 13, explain = 14 }`.
enum NativeMessage {
    static func check(
        key: String = GatewayHarness.secret,
        model: String = "",
        tokens: UInt64 = 0,
        inputTokens: UInt64 = 0,
        provider: String = "",
        isDryRun: Bool = false,
        explains: Bool = false
    ) -> [UInt8] {
        var message: [UInt8] = []
        if !key.isEmpty { message += Protobuf.field(1, key) }
        if !model.isEmpty { message += Protobuf.field(2, model) }
        if tokens > 0 { message += Protobuf.field(4, tokens) }
        if inputTokens > 0 { message += Protobuf.field(5, inputTokens) }
        if !provider.isEmpty { message += Protobuf.field(6, provider) }
        if isDryRun { message += Protobuf.field(13, 1) }
        if explains { message += Protobuf.field(14, 1) }
        return message
    }

    /// `tollgate.v1.SettleRequest { reservation_id = 1, model = 2, input_tokens = 6,
    /// output_tokens = 7, cached_input_tokens = 8, status = 9, cancelled = 11 }`.
    static func settle(
        _ reservation: String,
        model: String = "",
        input: UInt64 = 0,
        output: UInt64 = 0,
        cachedInput: UInt64 = 0,
        status: UInt64 = 200,
        isCancelled: Bool = false
    ) -> [UInt8] {
        var message = Protobuf.field(1, reservation)
        if !model.isEmpty { message += Protobuf.field(2, model) }
        message += Protobuf.field(6, input) + Protobuf.field(7, output)
        message += Protobuf.field(8, cachedInput) + Protobuf.field(9, status)
        if isCancelled { message += Protobuf.field(11, 1) }
        return message
    }
}

/// `tollgate.v1.CheckResponse`, as far as tests look at it.
struct NativeResponse {
    let isAllowed: Bool
    let reason: String
    let message: String
    let status: UInt64
    let reservation: String
    let keyID: String
    let reservedCost: Int64
    let retryAfter: UInt64
    let explanation: [String]
    private let fields: DecodedMessage

    init(_ bytes: [UInt8]) throws {
        fields = try DecodedMessage(bytes)
        isAllowed = fields.number(1) == 1
        reason = fields.text(2)
        message = fields.text(3)
        status = fields.number(4)
        reservation = fields.text(5)
        keyID = fields.text(6)
        reservedCost = Int64(bitPattern: fields.number(7))
        retryAfter = fields.number(8)
        explanation = fields.texts(11)
    }

    /// The answer in the words of the tables; `LimitState { name = 1, level = 2, limit = 3,
    /// remaining = 4, reset_ms = 5 }`.
    func lines() throws -> [String] {
        var lines = [isAllowed ? "allowed" : "denied \(reason)", "status \(status)"]
        lines.append("message \(message)")
        if !reservation.isEmpty { lines.append("reservation") }
        for (field, name) in [
            (7, "cost-nanos"), (8, "retry-after-ms"), (9, "affordable-tokens"),
        ] as [(UInt32, String)] where fields.has(field) {
            lines.append("\(name) \(fields.number(field))")
        }
        for limit in try fields.messages(10) {
            let amounts = "\(Int64(bitPattern: limit.number(4))) of \(limit.number(3))"
            lines.append(
                "limit \(limit.text(2)) \(limit.text(1)): \(amounts), \(limit.number(5)) ms"
            )
        }
        if fields.has(12) { lines.append("monitored \(fields.text(12))") }
        return lines
    }
}

/// `tollgate.v1.SettleResponse { outcome = 1, cost_nanos = 2 }`.
struct SettleAnswer: Equatable {
    let outcome: String
    let cost: Int64

    init(_ outcome: String, cost: Int64) {
        self.outcome = outcome
        self.cost = cost
    }

    init(_ bytes: [UInt8]) throws {
        let fields = try DecodedMessage(bytes)
        outcome = fields.text(1)
        cost = Int64(bitPattern: fields.number(2))
    }
}
