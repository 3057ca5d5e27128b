internal import TollgateCore

/// One message of `envoy.service.ext_proc.v3.ExternalProcessor`: a part of a request or an answer.
///
/// Read in place; ranges lie in the message.
package struct EnvoyProcessingRequest: Sendable {
    /// Which part it is; the raw value is the field's number.
    package enum Part: UInt32, Sendable {
        case requestHeaders = 2
        case responseHeaders = 3
        case requestBody = 4
        case responseBody = 5
        case requestTrailers = 6
        case responseTrailers = 7

        /// The number of the answer's field in a `ProcessingResponse`.
        var answerField: UInt32 {
            switch self {
            case .requestHeaders: 1
            case .responseHeaders: 2
            case .requestBody: 3
            case .responseBody: 4
            case .requestTrailers: 5
            case .responseTrailers: 6
            }
        }
    }

    /// Nil for a message that is none of them.
    package private(set) var part: Part?
    /// Whether the proxy only tells, and waits for no answer.
    package private(set) var isObservation = false
    /// Whether nothing of the request or answer comes behind this.
    package private(set) var isLast = false
    /// The status of the answer; 0 when it is not here.
    package private(set) var status: UInt16 = 0
    /// Whether the answer's body is compressed.
    package private(set) var isEncoded = false
    /// A piece of the body.
    package private(set) var body = ByteRange.empty
    /// Whose request it is, and what filters say of it.
    package private(set) var report = EnvoyUsageReport()

    /// Reads a `ProcessingRequest { request_headers = 2, response_headers = 3, request_body = 4,
    /// response_body = 5, request_trailers = 6, response_trailers = 7, metadata_context = 8,
    /// attributes = 9, observability_mode = 10 }`.
    package init(_ message: Span<UInt8>) throws(WireError) {
        var reader = try WireReader(message)
        while try reader.next(in: message) {
            if let part = Part(rawValue: reader.field) {
                self.part = part
                switch part {
                case .requestHeaders, .responseHeaders:
                    try readHeaders(reader.message(), of: message)
                case .requestBody, .responseBody: try readBody(reader.message(), of: message)
                case .requestTrailers, .responseTrailers: isLast = true
                }
                continue
            }
            switch reader.field {
            case 8: try report.readMetadata(reader.message(), of: message)
            case 9:
                let entry = try MapEntry(reader, of: message)
                try report.readAttributes(reader.message(in: entry.value), of: message)
            case 10: isObservation = try reader.bool()
            default: break
            }
        }
    }

    /// Reads an `HttpHeaders { headers = 1 { headers = 1 }, end_of_stream = 3 }`.
    private mutating func readHeaders(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            switch reader.field {
            case 1:
                var list = try reader.message()
                while try list.next(in: message) {
                    if list.field == 1 { try readHeader(list.message(), of: message) }
                }
            case 3: isLast = try reader.bool()
            default: break
            }
        }
    }

    /// Reads a `HeaderValue { key = 1, value = 2, raw_value = 3 }`.
    private mutating func readHeader(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        var name = ByteRange.empty
        var range = ByteRange.empty
        while try reader.next(in: message) {
            switch reader.field {
            case 1: name = try reader.range()
            case 2, 3:
                let found = try reader.range()
                if !found.isEmpty { range = found }
            default: break
            }
        }
        let value = message.bytes(in: range)
        let known = message.bytes(in: name)
        if Text.equal(known, ":status") {
            status = EnvoyProcessingRequest.status(value)
        } else if Text.equal(known, "content-encoding") {
            isEncoded = !value.isEmpty && !Text.equal(value, "identity")
        } else {
            report.readPair(known, value)
        }
    }

    /// The status in three digits; 0 for anything else.
    private static func status(_ text: Span<UInt8>) -> UInt16 {
        guard text.count == 3 else { return 0 }
        var status: UInt16 = 0
        for index in 0..<3 {
            guard text[index] >= 0x30, text[index] <= 0x39 else { return 0 }
            status = status * 10 + UInt16(text[index] - 0x30)
        }
        return status >= 100 ? status : 0
    }

    /// Reads an `HttpBody { body = 1, end_of_stream = 2 }`.
    private mutating func readBody(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            switch reader.field {
            case 1: body = try reader.range()
            case 2: isLast = try reader.bool()
            default: break
            }
        }
    }
}

/// Writes `envoy.service.ext_proc.v3.ProcessingResponse`.
package enum EnvoyProcessingResponse {
    /// Writes the answer to one part that changes nothing of it: the part's field, empty, which
    /// means `CONTINUE`.
    package static func write(
        to part: EnvoyProcessingRequest.Part,
        to output: inout OutputBuffer
    ) {
        output.appendElement(part.answerField, text: "")
    }
}
