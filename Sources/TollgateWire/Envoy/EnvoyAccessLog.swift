internal import TollgateCore

/// One entry of Envoy's access log, as `envoy.service.accesslog.v3.AccessLogService` carries it.
///
/// Read in place; ranges lie in the message.
package struct EnvoyAccessLogEntry: Sendable {
    /// Whether the request has ended: some logs also tell of beginnings, and of what goes on.
    package private(set) var isEnd = true
    /// The status of the answer; 0 when there was none.
    package private(set) var status: UInt16 = 0
    /// From the first byte of the request to the last of the answer, in milliseconds.
    package private(set) var latency: UInt32 = 0
    /// Whether the client was gone before it had its answer.
    package private(set) var isCancelled = false
    /// Whose request it is, and what filters say of it.
    package private(set) var report = EnvoyUsageReport()

    /// Calls back for each entry of a `StreamAccessLogsMessage { http_logs = 2 { log_entry = 1 } }`.
    ///
    /// The proxy's description of itself, some 60 KiB in the first message, is passed over.
    package static func forEach(
        in message: Span<UInt8>,
        _ body: (EnvoyAccessLogEntry) -> Void
    ) throws(WireError) {
        var reader = try WireReader(message)
        while try reader.next(in: message) {
            guard reader.field == 2 else { continue }
            var logs = try reader.message()
            while try logs.next(in: message) {
                if logs.field == 1 { body(try EnvoyAccessLogEntry(logs.message(), of: message)) }
            }
        }
    }

    /// Reads an `HTTPAccessLogEntry { common_properties = 1, request = 3, response = 4 }`.
    private init(_ reader: WireReader, of message: Span<UInt8>) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            switch reader.field {
            case 1: try readCommon(reader.message(), of: message)
            case 3: try readHeaders(reader.message(), field: 13, of: message)
            case 4:
                var response = try reader.message()
                while try response.next(in: message) {
                    guard response.field == 1 else { continue }
                    let code = try EnvoyMetadata.wrapped(response.message(), of: message, 0)
                    status = (100...999).contains(code) ? UInt16(code) : 0
                }
            default: break
            }
        }
    }

    /// Reads an `AccessLogCommon { response_flags = 16, metadata = 17, custom_tags = 22,
    /// duration = 23, access_log_type = 33 }`.
    private mutating func readCommon(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        try readHeaders(reader, field: 22, of: message)
        var reader = reader
        while try reader.next(in: message) {
            switch reader.field {
            case 16: try readFlags(reader.message(), of: message)
            case 17: try report.readMetadata(reader.message(), of: message)
            case 23: try readDuration(reader.message(), of: message)
            // Not set, or the end of what the client asked for.
            case 33: isEnd = try [0, 6].contains(reader.unsigned())
            default: break
            }
        }
    }

    /// Reads a map of headers or tags, of which one may be the reservation.
    private mutating func readHeaders(
        _ reader: WireReader,
        field: UInt32,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            guard reader.field == field else { continue }
            let entry = try MapEntry(reader, of: message)
            report.readPair(message.bytes(in: entry.key), message.bytes(in: entry.value))
        }
    }

    /// Reads `ResponseFlags { downstream_connection_termination = 15,
    /// downstream_remote_reset = 28 }`.
    private mutating func readFlags(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            if reader.field == 15 || reader.field == 28 {
                isCancelled = try reader.bool() || isCancelled
            }
        }
    }

    /// Reads a `Duration { seconds = 1, nanos = 2 }`.
    private mutating func readDuration(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        var milliseconds: UInt64 = 0
        while try reader.next(in: message) {
            let number = try reader.unsigned()
            // No request takes a century; what says so is no number that can be believed.
            if reader.field == 1, number < 1 << 32 { milliseconds += number * 1000 }
            if reader.field == 2, number < 1 << 32 { milliseconds += number / 1_000_000 }
        }
        latency = UInt32(clamping: milliseconds)
    }
}
