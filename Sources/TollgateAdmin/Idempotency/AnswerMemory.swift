internal import HTTPTypes
internal import Synchronization
internal import TollgateCore

/// The answers to requests that have an Idempotency-Key, for when they are repeated.
///
/// Kept in memory only, and bounded: `countLimit` answers, `byteLimit` bytes, a day. What a restart
/// or a newer answer has pushed out is not known any more, and the request is carried out again.
/// Secrets in an answer are kept for `secretSeconds` and then cut out of it. Safe from any thread.
package final class AnswerMemory: Sendable {
    static let countLimit = 10_000
    private static let byteLimit = 64 << 20
    private static let lifetime: Int64 = 24 * 3600 * 1_000_000_000
    static let secretSeconds: Int64 = 600

    /// What is known of a request.
    private enum Entry {
        case running(fingerprint: Int)
        case done(Answer)
    }

    private struct Answer {
        let fingerprint: Int
        let status: HTTPResponse.Status
        let headers: HTTPFields
        /// The document as text; nil with the secrets that were in it.
        var secret: [UInt8]?
        let plain: [UInt8]
        /// What is answered in the place of all this.
        var refusal: APIError?
        let time: MonotonicTime

        var byteCount: Int { plain.count + (secret?.count ?? 0) + 512 }
    }

    private struct State {
        var entries: [IdempotencyKey: Entry] = [:]
        /// The keys of answers, in the order in which they were given; those before `first` are gone.
        var order: [IdempotencyKey] = []
        var first = 0
        /// Those before this one have no secrets any more.
        var aged = 0
        var byteCount = 0
    }

    private let state = Mutex(State())

    /// Remembers nothing yet.
    package init() {}

    /// What to do with a request.
    enum Turn {
        /// It is new: carry it out, and say what came of it.
        case carryOut
        case repeated(APIReply)
    }

    /// Begins a request.
    ///
    /// - Throws: `idempotency_key_in_use`, `idempotency_key_reused` or the refusal that is known.
    func begin(
        _ key: IdempotencyKey,
        _ fingerprint: Int,
        at now: MonotonicTime
    ) throws(APIError) -> Turn {
        try state.withLock { (state) throws(APIError) in
            AnswerMemory.forget(&state, at: now)
            switch state.entries[key] {
            case nil:
                state.entries[key] = .running(fingerprint: fingerprint)
                return .carryOut
            case .running(let known):
                throw known == fingerprint ? .idempotencyKeyInUse : .idempotencyKeyReused
            case .done(let answer):
                guard answer.fingerprint == fingerprint else { throw .idempotencyKeyReused }
                if let refusal = answer.refusal { throw refusal }
                return .repeated(try AnswerMemory.reply(answer))
            }
        }
    }

    /// Keeps the answer to a request that was carried out.
    ///
    /// - Returns: whether it has a secret, which somebody must see forgotten.
    func finish(
        _ key: IdempotencyKey,
        _ fingerprint: Int,
        _ reply: APIReply,
        at now: MonotonicTime
    ) -> Bool {
        let plain = reply.document.withoutSecrets
        let answer = Answer(
            fingerprint: fingerprint,
            status: reply.status,
            headers: reply.headers,
            secret: plain == reply.document ? nil : reply.document.utf8,
            plain: plain.utf8,
            time: now
        )
        remember(answer, key)
        return answer.secret != nil
    }

    /// Keeps the refusal of a request that was carried out all the same.
    func finish(
        _ key: IdempotencyKey,
        _ fingerprint: Int,
        _ refusal: APIError,
        at now: MonotonicTime
    ) {
        let answer = Answer(
            fingerprint: fingerprint,
            status: refusal.status,
            headers: refusal.headers,
            plain: [],
            refusal: refusal,
            time: now
        )
        remember(answer, key)
    }

    private func remember(_ answer: Answer, _ key: IdempotencyKey) {
        state.withLock { state in
            state.entries[key] = .done(answer)
            state.order.append(key)
            state.byteCount += answer.byteCount
            AnswerMemory.forget(&state, at: answer.time)
        }
    }

    /// Forgets a request that was refused: it has changed nothing, and may be sent again.
    func abandon(_ key: IdempotencyKey) {
        state.withLock { $0.entries[key] = nil }
    }

    /// Cuts the secrets out of answers that have had them long enough.
    func forgetSecrets(at now: MonotonicTime) {
        state.withLock { AnswerMemory.forgetSecrets(&$0, at: now) }
    }

    /// How many answers are known, and how many of them with secrets.
    var counts: (answers: Int, secrets: Int) {
        state.withLock { state in
            let answers = state.entries.values.compactMap { entry -> Answer? in
                if case .done(let answer) = entry { answer } else { nil }
            }
            return (answers.count, answers.count { $0.secret != nil })
        }
    }

    private static func reply(_ answer: Answer) throws(APIError) -> APIReply {
        guard let document = try? JSONParser.value(of: answer.secret ?? answer.plain) else {
            throw .internal
        }
        var reply = APIReply(document)
        reply.status = answer.status
        reply.headers = answer.headers
        return reply
    }

    // MARK: Bounds

    /// Forgets the oldest answers, as far as they are too old or too many.
    private static func forget(_ state: inout State, at now: MonotonicTime) {
        while state.first < state.order.count {
            let key = state.order[state.first]
            guard case .done(let answer)? = state.entries[key] else {
                state.first += 1
                continue
            }
            let age = now.nanoseconds &- answer.time.nanoseconds
            let count = state.order.count - state.first
            guard age >= lifetime || count > countLimit || state.byteCount > byteLimit else {
                break
            }
            state.entries[key] = nil
            state.byteCount -= answer.byteCount
            state.first += 1
        }
        forgetSecrets(&state, at: now)
        if state.first > countLimit {
            state.order.removeFirst(state.first)
            state.aged -= state.first
            state.first = 0
        }
    }

    private static func forgetSecrets(_ state: inout State, at now: MonotonicTime) {
        state.aged = max(state.aged, state.first)
        while state.aged < state.order.count {
            let key = state.order[state.aged]
            if case .done(var answer)? = state.entries[key] {
                let age = now.nanoseconds &- answer.time.nanoseconds
                guard age >= secretSeconds * 1_000_000_000 else { return }
                state.byteCount -= answer.secret?.count ?? 0
                answer.secret = nil
                state.entries[key] = .done(answer)
            }
            state.aged += 1
        }
    }
}

extension JSONValue {
    /// The document without the secrets that answers hold once: those of keys are called `api_key`,
    /// those of webhooks `secret`.
    var withoutSecrets: JSONValue {
        switch self {
        case .object(let members):
            .object(
                members.filter { $0.name != "api_key" && $0.name != "secret" }
                    .map { Member($0.name, $0.value.withoutSecrets) }
            )
        case .array(let elements): .array(elements.map(\.withoutSecrets))
        default: self
        }
    }
}
