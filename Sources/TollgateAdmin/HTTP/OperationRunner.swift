internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// Carries out an operation, the same way for every face of the API.
enum OperationRunner {
    /// Has a call answered; it waits for the disk.
    ///
    /// A POST with an Idempotency-Key that was answered before gets that answer again. What was
    /// refused is not remembered: it has changed nothing, but for what was done and could not be
    /// recorded, which is refused again. Neither is a stream, which may have any length, nor a failure
    /// of the store, after which nobody knows what was written: the repeat is carried out.
    ///
    /// - Throws: any refusal.
    static func run<Operation: APIOperation>(
        _ operation: Operation.Type,
        _ call: APICall,
        _ services: AdminServices
    ) throws(APIError) -> APIReply {
        try refuseUnknownParameters(operation, call)
        guard
            operation.method == .post,
            let key = try IdempotencyKey(of: call, operation.name)
        else { return try operation.answer(call, services) }
        let memory = services.answers
        let fingerprint = call.fingerprint
        let now = services.time.now().monotonic
        switch try memory.begin(key, fingerprint, at: now) {
        case .repeated(let reply): return reply
        case .carryOut: break
        }
        do {
            let reply = try operation.answer(call, services)
            guard reply.stream == nil else {
                memory.abandon(key)
                return reply
            }
            let end = services.time.now().monotonic
            if memory.finish(key, fingerprint, reply, at: end) { forgetSecretsLater(services) }
            return reply
        } catch {
            if error == .notRecorded {
                memory.finish(key, fingerprint, error, at: services.time.now().monotonic)
            } else {
                memory.abandon(key)
            }
            throw error
        }
    }

    /// Lists read their queries themselves; of what writes, few operations have parameters at all.
    private static func refuseUnknownParameters<Operation: APIOperation>(
        _ operation: Operation.Type,
        _ call: APICall
    ) throws(APIError) {
        guard !call.query.isEmpty, operation.method != .get else { return }
        var query = try QueryReader(call.query)
        for parameter in operation.shape?.parameters ?? [] where !parameter.isHeader {
            _ = query.text(parameter.name)
        }
        try query.finish()
    }

    /// Sees to it that a secret leaves memory even when nobody asks again.
    private static func forgetSecretsLater(_ services: AdminServices) {
        Task {
            try? await Task.sleep(for: .seconds(AnswerMemory.secretSeconds + 1))
            services.answers.forgetSecrets(at: services.time.now().monotonic)
        }
    }
}
