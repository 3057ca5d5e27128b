package import TollgateCore

/// What Envoy's messages say of a request that was allowed: which reservation is its own, and what
/// filters found that it used.
///
/// The reservation stands where our own answer to the question has put it, in the metadata of
/// `ext_authz`, or where the operator has: a header, a tag, an attribute. It cannot be guessed, so
/// its form is enough to know it by.
package struct EnvoyUsageReport: Sendable {
    /// The reservation; none for a request that was denied, or that nobody asked about.
    package private(set) var reservation = ReservationID.none
    /// How many tokens of prompt were held; 0 when it is not said.
    package private(set) var heldInput: UInt64 = 0
    /// All of the prompt; nil when no filter counted it.
    package private(set) var input: UInt64?
    package private(set) var cachedInput: UInt64 = 0
    /// What was generated; nil when no filter counted it.
    package private(set) var output: UInt64?
    /// The model that has answered.
    package private(set) var model = ByteRange.empty

    package init() {}

    /// Whether filters have counted tokens.
    package var hasTokens: Bool { (input ?? 0) > 0 || (output ?? 0) > 0 }

    /// Takes a text for the reservation if it has its form.
    mutating func take(_ text: Span<UInt8>) {
        if let id = ReservationID(text) { reservation = id }
    }

    /// Reads a `Metadata { filter_metadata = 1, typed_filter_metadata = 2 }`.
    mutating func readMetadata(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            guard reader.field == 1 || reader.field == 2 else { continue }
            let entry = try MapEntry(reader, of: message)
            let name = message.bytes(in: entry.key)
            let value = try reader.message(in: entry.value)
            if reader.field == 2 {
                guard Text.equal(name, "envoy.ai.token_usage") else { continue }
                try readTyped(value, of: message)
            } else if Text.equal(name, "envoy.filters.http.ext_authz") {
                try readDecision(value, of: message)
            } else if EnvoyUsageReport.countsTokens(name) {
                try readCounts(value, of: message)
            }
        }
    }

    /// Whether a filter of this name publishes what was used.
    private static func countsTokens(_ name: Span<UInt8>) -> Bool {
        Text.equal(name, "tollgate.usage") || Text.equal(name, "io.envoy.ai_gateway")
            || Text.equal(name, "envoy.ai.token_usage")
    }

    /// Reads what we have answered ourselves, a `Struct`.
    private mutating func readDecision(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        try EnvoyMetadata.forEachField(of: reader, in: message) { range, value in
            let name = message.bytes(in: range)
            if Text.equal(name, "rid") || Text.equal(name, "x-tollgate-reservation") {
                take(message.bytes(in: value.text))
            } else if Text.equal(name, "reserved_input_tokens") {
                heldInput = value.count ?? 0
            }
        }
    }

    /// Reads what a filter of the operator's choice has counted, a `Struct`.
    private mutating func readCounts(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        try EnvoyMetadata.forEachField(of: reader, in: message) { range, value in
            let name = message.bytes(in: range)
            func named(_ known: StaticString) -> Bool { Text.equal(name, known) }
            if named("input_tokens") || named("prompt_tokens") || named("llm_input_token") {
                input = value.count
            } else if named("output_tokens") || named("completion_tokens")
                || named("llm_output_token")
            {
                output = value.count
            } else if named("cached_input_tokens") || named("llm_cached_input_token") {
                cachedInput = value.count ?? 0
            } else if named("model") {
                model = value.text
            }
        }
    }

    /// Reads an `Any { value = 2 }` with a `TokenUsage { model = 2, input_tokens = 3,
    /// output_tokens = 4, input_token_details = 6 { cached_tokens = 1 } }`, the numbers each in a
    /// `UInt64Value`.
    private mutating func readTyped(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var any = reader
        var type = ByteRange.empty
        var value = ByteRange.empty
        while try any.next(in: message) {
            if any.field == 1 { type = try any.range() }
            if any.field == 2 { value = try any.range() }
        }
        guard EnvoyMetadata.isType(message.bytes(in: type), "/envoy.data.ai.v3.TokenUsage") else {
            return
        }
        var usage = try any.message(in: value)
        while try usage.next(in: message) {
            switch usage.field {
            case 2: model = try usage.range()
            case 3: input = try EnvoyMetadata.wrapped(usage.message(), of: message, input ?? 0)
            case 4: output = try EnvoyMetadata.wrapped(usage.message(), of: message, output ?? 0)
            case 6:
                var details = try usage.message()
                while try details.next(in: message) {
                    guard details.field == 1 else { continue }
                    let earlier = cachedInput
                    cachedInput = try EnvoyMetadata.wrapped(details.message(), of: message, earlier)
                }
            default: break
            }
        }
    }

    /// Reads a `Struct` any of whose texts may be the reservation.
    mutating func readAttributes(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        try EnvoyMetadata.forEachField(of: reader, in: message) { _, value in
            take(message.bytes(in: value.text))
        }
    }

    /// Takes a header or a tag that may hold the reservation.
    mutating func readPair(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        if Text.equal(name, "x-tollgate-reservation") { take(value) }
    }
}
