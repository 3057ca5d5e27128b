internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// What tells one request that may be repeated from all others: who makes it, and the name it gave.
///
/// Source: draft-ietf-httpapi-idempotency-key-header.
struct IdempotencyKey: Hashable, Sendable {
    private static let header = HTTPField.Name("Idempotency-Key")
    private static let longest = 255

    let caller: KeyID
    /// The operation, and on what: the same name for another operation is another request.
    let operation: String
    let target: String?
    let text: String

    /// The key of a call; nil when it has none.
    ///
    /// - Throws: `invalid_header` when it is not 1 to 255 visible characters of ASCII.
    init?(of call: APICall, _ operation: String) throws(APIError) {
        guard let header = IdempotencyKey.header, let text = call.headers[header] else {
            return nil
        }
        let visible = UInt8(ascii: "!")...UInt8(ascii: "~")
        guard
            (1...IdempotencyKey.longest).contains(text.utf8.count),
            text.utf8.allSatisfy(visible.contains)
        else {
            throw .invalidHeader(
                header.rawName,
                "must be 1 to \(IdempotencyKey.longest) visible characters of ASCII"
            )
        }
        caller = call.principal.keyID
        self.operation = operation
        target = call.idText
        self.text = text
    }
}

extension APICall {
    /// What the request says besides its key, in 64 bits.
    ///
    /// The body may hold secrets, so it is not kept. The hash has a random seed for each process;
    /// a caller who found two bodies of the same hash would get an answer of its own.
    var fingerprint: Int {
        var hasher = Hasher()
        hasher.combine(query)
        hasher.combine(headers[.ifMatch])
        hasher.combine(body)
        return hasher.finalize()
    }
}

extension APIError {
    static let idempotencyKeyInUse = APIError(
        .conflict,
        "idempotency_key_in_use",
        "A request with this Idempotency-Key is being answered.",
        field: "Idempotency-Key"
    )

    static let idempotencyKeyReused = APIError(
        .unprocessableContent,
        "idempotency_key_reused",
        "This Idempotency-Key was given to another request.",
        field: "Idempotency-Key"
    )
}
