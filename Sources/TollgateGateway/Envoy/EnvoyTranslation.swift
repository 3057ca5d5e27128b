internal import TollgateCore
internal import TollgateWire

/// Turns Envoy's question into ours.
///
/// For each thing that a request names there is an order of trust: what the operator set for the
/// route, headers where the operator vouches for them, what Envoy's own filters found, the body,
/// the path.
struct EnvoyTranslation: ~Escapable {
    private let envoy: EnvoyCheckRequest
    private let message: Span<UInt8>
    private let configuration: GatewayConfiguration
    private let path: RequestPath
    private let body: LLMRequestFacts

    /// Reads what the message holds besides its fields: the path and the LLM request in the body.
    ///
    /// - Throws: when the message is not what its type says.
    @_lifetime(copy message)
    init(
        _ message: Span<UInt8>,
        _ configuration: GatewayConfiguration
    ) throws(WireError) {
        self.init(try EnvoyCheckRequest(message), in: message, configuration)
    }

    /// Reads the same for a question that came in other words than Envoy's.
    ///
    /// - Parameters:
    ///   - question: what was told, as ranges of the message.
    ///   - message: what it lies in.
    ///   - configuration: how requests are read.
    @_lifetime(copy message)
    init(
        _ question: EnvoyCheckRequest,
        in message: Span<UInt8>,
        _ configuration: GatewayConfiguration
    ) {
        envoy = question
        self.message = message
        self.configuration = configuration
        path = RequestPath(message.bytes(in: envoy.path))
        body = LLMRequestReader.facts(
            of: message.bytes(in: envoy.body),
            contentType: message.bytes(in: envoy.headers.contentType)
        )
    }

    /// Fills an empty question.
    ///
    /// - Parameters:
    ///   - request: the question.
    ///   - models: what is known of models.
    ///   - scratch: memory for a name that has to be decoded.
    /// - Throws: when something that the operator set cannot be; what a client got wrong is noted in
    ///   the question and denied.
    func fill(
        _ request: inout CheckRequest,
        models: ModelCatalogue,
        scratch: inout TextBuffer
    ) throws(CheckRequest.Problem) {
        presentCredentials(in: &request)
        try setNames(of: &request)
        setModelOfClient(in: &request, &scratch)
        let model = try request.complete(from: models)
        try setAction(of: &request)
        try setTokens(of: &request, model)
        setOrigin(of: &request)
    }

    /// Whether the answer is to be streamed, as far as the request says so.
    var isStream: Bool {
        body.stream || path.isStream || envoy.requestInfo.stream == true
    }

    /// Whether a header that the operator vouches for says how many tokens there are.
    var hasToldTokens: Bool {
        configuration.trustsRequestHeaders && !envoy.headers.tollgate.tokens.isEmpty
    }

    /// Has the texts of the body looked through.
    ///
    /// - Parameter rules: what to look for.
    /// - Returns: what is known of the content then.
    func content(by rules: ContentRules) -> RequestContent {
        let body = message.bytes(in: envoy.body)
        if body.isEmpty, !isWithoutBody { return .absent }
        guard !isCompressed, !isWithoutBody else {
            return .read(ContentFindings(ContentScan(by: rules), isWhole: isWithoutBody))
        }
        let findings = LLMRequestReader.findings(
            in: body,
            contentType: message.bytes(in: envoy.headers.contentType),
            by: rules
        )
        return .read(envoy.headers.hasPartialBody ? findings.inPart : findings)
    }

    /// Whether what is sent is not what the provider reads, but has to be unpacked first.
    private var isCompressed: Bool {
        let encoding = message.bytes(in: envoy.headers.contentEncoding)
        return !encoding.isEmpty && !Text.equalInAnyCase(encoding, "identity")
    }

    /// Whether a request is of those that have no body, and none came.
    private var isWithoutBody: Bool { isBodiless && envoy.body.isEmpty && envoy.size <= 0 }

    // MARK: Credentials

    private func presentCredentials(in request: inout CheckRequest) {
        present(envoy.headers.authorization, isBearer: true, in: &request)
        present(envoy.headers.xAPIKey, isBearer: false, in: &request)
        present(envoy.headers.apiKey, isBearer: false, in: &request)
    }

    private func present(
        _ values: EnvoyCheckRequest.HeaderValues,
        isBearer: Bool,
        in request: inout CheckRequest
    ) {
        guard values.count > 0 else { return }
        let first = Credential.secret(message.bytes(in: values.first), isBearer: isBearer)
        if !first.isEmpty { request.present(first) }
        guard values.count > 1 else { return }
        let last = Credential.secret(message.bytes(in: values.last), isBearer: isBearer)
        if !last.isEmpty { request.present(last) }
        // Of more than two, those between are not looked at: nobody sends that in good faith.
        if values.count > 2 { request.credentials = .ambiguous }
    }

    // MARK: Names

    private func setNames(of request: inout CheckRequest) throws(CheckRequest.Problem) {
        try set(.region, envoy.extensions.region, envoy.headers.tollgate.region, in: &request)
        try set(.provider, envoy.extensions.provider, envoy.headers.tollgate.provider, in: &request)
        try set(.supplier, envoy.extensions.supplier, envoy.headers.tollgate.supplier, in: &request)
        try set(.model, envoy.extensions.model, envoy.headers.tollgate.model, in: &request)
        setModelOfFilters(in: &request)
    }

    /// The model that Envoy's filters took from the request: found by them, but the client's word.
    private func setModelOfFilters(in request: inout CheckRequest) {
        guard !request.has(.model), !envoy.requestInfo.model.isEmpty else { return }
        do {
            try request.set(.model, to: message.bytes(in: envoy.requestInfo.model))
        } catch {
            request.markUnreadable(.model)
        }
    }

    private func set(
        _ field: CheckRequest.Field,
        _ extensionValue: ByteRange,
        _ header: ByteRange,
        in request: inout CheckRequest
    ) throws(CheckRequest.Problem) {
        if !extensionValue.isEmpty {
            try request.set(field, to: message.bytes(in: extensionValue))
        } else if configuration.trustsRequestHeaders, !header.isEmpty {
            try request.set(field, to: message.bytes(in: header))
        }
    }

    /// The model that the client asks for: in the body, or else in the path.
    ///
    /// Where both name one and differ, some services go by the one and some by the other, so the
    /// key must be allowed to call both.
    private func setModelOfClient(
        in request: inout CheckRequest,
        _ scratch: inout TextBuffer
    ) {
        guard !request.has(.model), !request.isUnreadable(.model) else { return }
        if isModelUncertain { return request.markUnreadable(.model) }
        let isInPath = !path.model.isEmpty
        guard isInPath || body.model != nil else { return }
        let isPathFirst = body.model == nil
        do {
            guard copyModel(isOfPath: isPathFirst, into: &scratch) else {
                return request.markUnreadable(.model)
            }
            try request.set(.model, to: EnvoyTranslation.withoutCollection(scratch.bytes))
            guard isInPath else { return }
            if !path.shorterModel.isEmpty { return try nameShorterModel(in: &request, &scratch) }
            guard body.model != nil else { return }
            guard copyModel(isOfPath: !isPathFirst, into: &scratch) else {
                return request.markUnreadable(.model)
            }
            let other = EnvoyTranslation.withoutCollection(scratch.bytes)
            if !Text.equal(other, request[.model]) { try request.alsoName(model: other) }
        } catch {
            request.markUnreadable(.model)
        }
    }

    /// Names both readings of a path whose model ends in what may be a verb; with a third name in
    /// the body, which one counts cannot be told any more.
    private func nameShorterModel(
        in request: inout CheckRequest,
        _ scratch: inout TextBuffer
    ) throws(CheckRequest.Problem) {
        scratch.removeAll()
        let bytes = message.bytes(in: envoy.path).extracting(path.shorterModel)
        guard body.model == nil, PercentEncoding.decode(bytes, into: &scratch) else {
            return request.markUnreadable(.model)
        }
        try request.alsoName(model: scratch.bytes)
    }

    /// Whether another reader may find another model than the one that is found here.
    private var isModelUncertain: Bool {
        if path.isDisguised || body.modelHasRival || body.problem == .notText { return true }
        // Behind what is no JSON to us a more lenient reader may find the name again.
        return body.model != nil && body.problem != .none
    }

    /// Puts a model's name, decoded, into memory; false when it does not fit or is no text.
    private func copyModel(isOfPath: Bool, into scratch: inout TextBuffer) -> Bool {
        scratch.removeAll()
        if isOfPath {
            let bytes = message.bytes(in: envoy.path)
            return PercentEncoding.decode(bytes.extracting(path.model), into: &scratch)
        }
        let bytes = message.bytes(in: envoy.body)
        return LLMRequestReader.copyModel(body, of: bytes, into: &scratch)
    }

    /// A name without the `models/` that Gemini's clients put before it in bodies.
    @_lifetime(copy name)
    private static func withoutCollection(_ name: Span<UInt8>) -> Span<UInt8> {
        let prefix: StaticString = "models/"
        let count = prefix.utf8CodeUnitCount
        guard name.count > count, Text.equal(name.extracting(0..<count), prefix) else {
            return name
        }
        return name.extracting(count..<name.count)
    }

    private func setAction(of request: inout CheckRequest) throws(CheckRequest.Problem) {
        try set(.action, envoy.extensions.action, envoy.headers.tollgate.action, in: &request)
        guard !request.has(.action) else { return }
        if path.isDisguised { return request.markUnreadable(.action) }
        guard let action = path.action else { return }
        let isChat = path.isChat
        try request.set(.action, to: isChat && isStream ? Action.chatStream : action)
    }

    // MARK: Size and origin

    /// Tokens: the prompt, estimated from above, and the most that the answer can have.
    private func setTokens(
        of request: inout CheckRequest,
        _ model: Model?
    ) throws(CheckRequest.Problem) {
        if hasToldTokens {
            guard let told = toldTokens else { throw .badTokens }
            request.tokens = told
            return
        }
        request.hasUnknownPrompt = isPromptUnknown
        let (input, output) = (inputTokens, outputTokens(model))
        let sum = input.addingReportingOverflow(output)
        request.inputTokens = input
        request.tokens = sum.overflow ? .max : sum.partialValue
    }

    /// What that header says; nil when it is no number.
    private var toldTokens: UInt64? {
        DecimalText.value(of: message.bytes(in: envoy.headers.tollgate.tokens))
    }

    /// Whether the request may have a prompt of which nobody tells even the length.
    ///
    /// So it is where the body is not shown and comes in chunks, and where it is compressed: a kilobyte
    /// can unpack to a million tokens.
    private var isPromptUnknown: Bool {
        guard envoy.requestInfo.estimatedInputTokens == nil, !isBodiless else { return false }
        if isCompressed { return mayHavePrompt }
        return path.hasPrompt && envoy.body.isEmpty && contentLength == nil
    }

    /// Whether the request goes where prompts go, or to a path of which nothing is known.
    private var mayHavePrompt: Bool { path.hasPrompt || path.action == nil }

    /// Whether a request of its method has no body.
    private var isBodiless: Bool {
        let method = message.bytes(in: envoy.method)
        return Text.equal(method, "GET") || Text.equal(method, "HEAD")
            || Text.equal(method, "DELETE") || Text.equal(method, "OPTIONS")
    }

    /// The length of the whole body, as the client says, or else as the proxy counts it.
    private var contentLength: UInt64? {
        if envoy.size > 0 { return UInt64(envoy.size) }
        return DecimalText.value(of: message.bytes(in: envoy.headers.contentLength))
    }

    /// A token covers at least one byte of text, so the bytes bound the tokens from above.
    ///
    /// Of a body that was cut off, all that is missing might be text; of one that is not
    /// understood, all of it.
    private var inputTokens: UInt64 {
        if envoy.body.isEmpty {
            return envoy.requestInfo.estimatedInputTokens
                ?? (mayHavePrompt ? contentLength ?? 0 : 0)
        }
        let seen = Int64(envoy.body.count)
        let isCut = envoy.headers.hasPartialBody || !body.isComplete
        let missing = isCut ? max(0, max(0, envoy.size) - seen) : 0
        let isUnderstood = body.problem == .none || body.isComplete
        let text = isUnderstood ? Int64(body.textBytes) : seen
        return UInt64(text) &+ UInt64(missing)
    }

    private func outputTokens(_ model: Model?) -> UInt64 {
        guard path.generates || path.action == nil && body.model != nil else { return 0 }
        let named = body.maximumOutput ?? envoy.requestInfo.maxOutputTokens
        let most = named ?? model?.maximumOutput ?? configuration.defaultMaximumOutput
        let all = most.multipliedReportingOverflow(by: body.choices)
        return all.overflow ? .max : all.partialValue
    }

    private func setOrigin(of request: inout CheckRequest) {
        request.clientIP = ClientAddress.resolve(
            forwarded: message.bytes(in: envoy.headers.forwardedFor.last),
            trustedHops: configuration.trustedHops,
            peer: message.bytes(in: envoy.peerAddress)
        )
        // Only for people who read the log: cut to fit, left out when they are no text.
        note(.userAgent, envoy.headers.userAgent, in: &request)
        note(.requestID, envoy.headers.requestID, in: &request)
    }

    private func note(
        _ field: CheckRequest.Field,
        _ range: ByteRange,
        in request: inout CheckRequest
    ) {
        guard !range.isEmpty else { return }
        let text = message.bytes(in: range)
        var end = min(text.count, field.limit)
        while end < text.count, end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
        try? request.set(field, to: text.extracting(0..<end))
    }
}
