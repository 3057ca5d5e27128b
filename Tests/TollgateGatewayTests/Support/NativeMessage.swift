/// `tollgate.v1.CheckRequest { key = 1, model = 2, region = 3, tokens = 4, provider = 6,
/// dry_run = 13, explain = 14 }`.
enum NativeMessage {
    static func check(
        key: String = GatewayHarness.secret,
        model: String = "",
        provider: String = "",
        isDryRun: Bool = false,
        explains: Bool = false
    ) -> [UInt8] {
        var message: [UInt8] = []
        if !key.isEmpty { message += Protobuf.field(1, key) }
        if !model.isEmpty { message += Protobuf.field(2, model) }
        if !provider.isEmpty { message += Protobuf.field(6, provider) }
        if isDryRun { message += Protobuf.field(13, 1) }
        if explains { message += Protobuf.field(14, 1) }
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
    let explanation: [String]

    init(_ bytes: [UInt8]) throws {
        let fields = try DecodedMessage(bytes)
        isAllowed = fields.number(1) == 1
        reason = fields.text(2)
        message = fields.text(3)
        status = fields.number(4)
        reservation = fields.text(5)
        keyID = fields.text(6)
        explanation = fields.texts(11)
    }
}
