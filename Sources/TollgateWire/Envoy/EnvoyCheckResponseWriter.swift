/// Writes Envoy's `CheckResponse`, one after the other, into the same memory.
///
/// An empty `CheckResponse` means *allow* to Envoy, and so does any with status code 0. So every
/// answer begins as a denial: its first bytes say `PERMISSION_DENIED`, and only `finish` of an
/// answer that was begun by `beginAllow` turns that into the 0 that allows. What is cut off or
/// forgotten in between denies.
///
/// ```swift
/// response.beginDenial(status: 403)
/// response.header("x-tollgate-reason") { $0.append(reason.code) }
/// response.body { $0.append(json) }
/// response.metadata("reason", text: reason.code)
/// response.finish()
/// connection.send(response.bytes)
/// ```
///
/// Header values are written as `value`, without `append` or `raw_value`: Envoy ignores the latter
/// here, and overwrites by default.
///
/// Source: `envoy.service.auth.v3.CheckResponse { status = 1, denied_response = 2, ok_response = 3,
/// dynamic_metadata = 4 }`.
package struct EnvoyCheckResponseWriter: ~Copyable {
    /// gRPC's code for a denial; any but 0 would do.
    private static let permissionDenied: UInt64 = 7

    /// Where the code of an answer without a status message stands: behind the tag and length of
    /// `status`, and the tag of `code`.
    private static let codePlace = 3

    private enum Part {
        case none
        case denial
        case allow
        case metadata
    }

    private var buffer: OutputBuffer
    private var part = Part.none
    private var isAllow = false
    private var open: OutputBuffer.ElementMark?

    /// Allocates the memory.
    package init(capacity: Int = 1024) {
        buffer = OutputBuffer(capacity: capacity)
    }

    /// The answer, after `finish`.
    package var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { buffer.bytes }
    }

    /// Begins an answer that denies.
    ///
    /// - Parameters:
    ///   - status: the HTTP status that the proxy answers its client with.
    ///   - message: for the proxy's log; empty for none.
    package mutating func beginDenial(status: UInt32, message: StaticString = "") {
        begin(message, isAllow: false)
        part = .denial
        // DeniedHttpResponse { status = 1 }, HttpStatus { code = 1 }
        open = buffer.beginElement(2)
        buffer.appendElement(1) { $0.appendElement(1, unsigned: UInt64(status)) }
    }

    /// Begins an answer that allows, once it is finished.
    package mutating func beginAllow() {
        begin("", isAllow: true)
        part = .allow
        open = buffer.beginElement(3)
    }

    /// Writes a `Status { code = 1, message = 2 }` that denies.
    private mutating func begin(_ message: StaticString, isAllow: Bool) {
        buffer.removeAll()
        self.isAllow = isAllow
        buffer.appendElement(1) {
            $0.appendElement(1, unsigned: EnvoyCheckResponseWriter.permissionDenied)
            $0.appendField(2, text: message)
        }
    }

    /// Adds a header: to the client of a denial, to the upstream of an allow.
    ///
    /// Never a length or a hop-by-hop header: Envoy would send it on as it is.
    @inline(__always)
    package mutating func header(_ name: StaticString, _ value: (inout OutputBuffer) -> Void) {
        precondition(part == .denial || part == .allow)
        // Field 2 in both; HeaderValueOption { header = 1 }, HeaderValue { key = 1, value = 2 }
        buffer.appendElement(2) {
            $0.appendElement(1) {
                $0.appendElement(1, text: name)
                $0.appendElement(2, value)
            }
        }
    }

    /// Adds a header as above.
    package mutating func header(_ name: StaticString, _ value: Span<UInt8>) {
        precondition(part == .denial || part == .allow)
        let option = buffer.beginElement(2)
        let header = buffer.beginElement(1)
        buffer.appendElement(1, text: name)
        buffer.appendElement(2, bytes: value)
        buffer.endElement(header)
        buffer.endElement(option)
    }

    /// Sets a header, whose name is not known before, as above.
    package mutating func header(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        precondition(part == .denial || part == .allow)
        let option = buffer.beginElement(2)
        let header = buffer.beginElement(1)
        buffer.appendElement(1, bytes: name)
        buffer.appendElement(2, bytes: value)
        buffer.endElement(header)
        buffer.endElement(option)
    }

    /// Removes a header before an allowed request goes to the upstream.
    package mutating func removeHeader(_ name: StaticString) {
        precondition(part == .allow)
        buffer.appendElement(5, text: name)
    }

    /// Sets a header of the upstream's answer to an allowed request; one of that name is replaced.
    @inline(__always)
    package mutating func responseHeader(
        _ name: StaticString,
        _ value: (inout OutputBuffer) -> Void
    ) {
        precondition(part == .allow)
        // HeaderValueOption { append_action = 3 }: OVERWRITE_IF_EXISTS_OR_ADD
        buffer.appendElement(6) {
            $0.appendElement(1) {
                $0.appendElement(1, text: name)
                $0.appendElement(2, value)
            }
            $0.appendElement(3, unsigned: 2)
        }
    }

    /// Writes the body of a denial, once.
    @inline(__always)
    package mutating func body(_ write: (inout OutputBuffer) -> Void) {
        precondition(part == .denial)
        buffer.appendElement(3, write)
    }

    /// Adds a text to the metadata that the proxy keeps for its logs and later filters.
    ///
    /// After the headers and the body: metadata ends what they belong to.
    @inline(__always)
    package mutating func metadata(_ name: StaticString, _ value: (inout OutputBuffer) -> Void) {
        beginMetadata()
        // Struct { fields = 1 }, entry { key = 1, value = 2 }, Value { string_value = 3 }
        buffer.appendElement(1) {
            $0.appendElement(1, text: name)
            $0.appendElement(2) { $0.appendElement(3, value) }
        }
    }

    /// Adds a number to the metadata as above.
    package mutating func metadata(_ name: StaticString, number: Double) {
        beginMetadata()
        // Value { number_value = 2 }
        buffer.appendElement(1) {
            $0.appendElement(1, text: name)
            $0.appendElement(2) { $0.appendElement(2, double: number) }
        }
    }

    private mutating func beginMetadata() {
        if part == .metadata { return }
        precondition(part != .none)
        closePart()
        part = .metadata
        open = buffer.beginElement(4)
    }

    private mutating func closePart() {
        if let mark = open { buffer.endElement(mark) }
        open = nil
    }

    /// Ends the answer: `bytes` is complete, and an allow allows.
    package mutating func finish() {
        precondition(part != .none)
        closePart()
        part = .none
        if isAllow {
            precondition(buffer[Self.codePlace] == UInt8(Self.permissionDenied))
            buffer[Self.codePlace] = 0
        }
    }
}
