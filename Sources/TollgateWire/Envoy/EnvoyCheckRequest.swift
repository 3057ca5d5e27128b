/// What Tollgate reads of an Envoy `CheckRequest`: where in the message each thing is.
///
/// Made in one pass over the message, without an allocation. The ranges lie in the message that it
/// was made from, which whoever holds this keeps as well.
///
/// The semantics are protobuf's: of a field that comes twice the last one counts, messages that
/// come twice are merged, unknown fields are skipped. Texts that are read here are UTF-8 without a
/// NUL, or the message is refused; only bodies and raw header values are plain bytes.
///
/// Source: `envoy.service.auth.v3.CheckRequest`; the field numbers stand at the functions that
/// read.
package struct EnvoyCheckRequest: BitwiseCopyable, Sendable {
    package internal(set) var method = ByteRange.empty

    /// The path with its query, as the client sent it.
    package internal(set) var path = ByteRange.empty

    /// The host, or `:authority`.
    package internal(set) var host = ByteRange.empty

    /// The beginning of the body, or all of it; not checked to be text.
    package var body: ByteRange { rawBody.isEmpty ? textBody : rawBody }
    // A proxy fills one of the two.
    var textBody = ByteRange.empty
    var rawBody = ByteRange.empty

    /// The length of the whole body, as far as the proxy knows.
    package internal(set) var size: Int64 = 0

    /// The headers that matter.
    package internal(set) var headers = Headers()

    /// `context_extensions`: set by the operator for the route.
    package internal(set) var extensions = RequestNames()

    /// What Envoy's own filters read in the body, when the operator has them do so.
    package var requestInfo: AIRequestInfo { typedInfo ?? structInfo ?? AIRequestInfo() }
    // What a filter wrote with its own type says more than what an operator's mapping wrote.
    var typedInfo: AIRequestInfo?
    var structInfo: AIRequestInfo?

    /// `source.address`: who connected to the proxy.
    package internal(set) var peerAddress = ByteRange.empty

    /// `source.principal`: the identity of the peer's certificate.
    package internal(set) var principal = ByteRange.empty

    /// How many headers came, those that do not matter included.
    var headerCount = 0

    /// A request of which nothing is known.
    init() {}

    /// Reads a message.
    ///
    /// - Throws: the first thing that is wrong with it, as `WireReader` refuses it; `tooMany` for
    ///   more than `WireLimits.headers` headers; `tooDeep`; `notText` for a text that is read and
    ///   is none.
    package init(_ message: Span<UInt8>) throws(WireError) {
        self.init()
        try read(message)
    }

    /// The values of a header that may come more than once.
    package struct HeaderValues: BitwiseCopyable, Sendable {
        package internal(set) var first = ByteRange.empty
        /// The same as `first` when there is one.
        package internal(set) var last = ByteRange.empty
        /// How many there were; with more than two, those between are not here.
        package internal(set) var count: UInt16 = 0

        mutating func add(_ value: ByteRange) {
            if count == 0 { first = value }
            last = value
            count &+= 1
        }
    }

    /// The headers that matter.
    ///
    /// Of those that are one range, the last one of the message.
    package struct Headers: BitwiseCopyable, Sendable {
        package internal(set) var authorization = HeaderValues()
        /// `x-api-key`.
        package internal(set) var xAPIKey = HeaderValues()
        /// `api-key`.
        package internal(set) var apiKey = HeaderValues()
        package internal(set) var forwardedFor = HeaderValues()
        package internal(set) var userAgent = ByteRange.empty
        package internal(set) var requestID = ByteRange.empty
        package internal(set) var contentType = ByteRange.empty
        /// A decimal number, not parsed here.
        package internal(set) var contentLength = ByteRange.empty
        package internal(set) var contentEncoding = ByteRange.empty
        /// `x-envoy-auth-partial-body: true`: the body is cut off.
        package internal(set) var hasPartialBody = false
        /// `x-tollgate-…`; a client can send these too.
        package internal(set) var tollgate = RequestNames()
    }
}

/// What a request can be told to be, by the operator or by headers; empty where nothing is said.
package struct RequestNames: BitwiseCopyable, Sendable {
    package internal(set) var model = ByteRange.empty
    package internal(set) var region = ByteRange.empty
    package internal(set) var provider = ByteRange.empty
    package internal(set) var supplier = ByteRange.empty
    package internal(set) var action = ByteRange.empty
    /// A decimal number, not parsed here.
    package internal(set) var tokens = ByteRange.empty
}

/// What Envoy's AI filters found in the request: `envoy.ai.request_info` in its metadata.
///
/// Source: `envoy.data.ai.v3.RequestInfo`, or a `Struct` with fields of the same names.
package struct AIRequestInfo: BitwiseCopyable, Sendable {
    package internal(set) var model = ByteRange.empty
    package internal(set) var stream: Bool?
    package internal(set) var maxOutputTokens: UInt64?
    package internal(set) var estimatedInputTokens: UInt64?
}
