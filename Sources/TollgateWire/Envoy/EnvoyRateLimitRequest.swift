package import TollgateCore

/// A `RateLimitRequest` that reports what a request used, one count in each descriptor.
///
/// A descriptor names the reservation (`rid`), what it counts (`phase`: `prompt`, `completion` or
/// `cached`) and, if it likes, the `model`; how much is in its `hits_addend`. What is counted of one
/// kind in several descriptors is added up, negative hits are taken off.
package struct EnvoyRateLimitRequest: Sendable {
    package private(set) var reservation = ReservationID.none
    /// The model that has answered.
    package private(set) var model = ByteRange.empty
    /// How many descriptors there are.
    package private(set) var descriptors = 0
    /// Whether any of them counts what was used.
    package private(set) var hasCounts = false
    /// By `Kind`.
    private var sums = [3 of Int64](repeating: 0)

    /// What a descriptor counts.
    private enum Kind: Int {
        case prompt, completion, cached
    }

    /// All of the prompt.
    package var input: UInt64 { UInt64(max(0, sums[0])) }
    /// What was generated.
    package var output: UInt64 { UInt64(max(0, sums[1])) }
    /// Of the prompt, what came from a cache.
    package var cachedInput: UInt64 { UInt64(max(0, sums[2])) }

    /// Reads a `RateLimitRequest { descriptors = 2, hits_addend = 3 }`.
    package init(_ message: Span<UInt8>) throws(WireError) {
        var reader = try WireReader(message)
        // What stands for descriptors that have no number of their own.
        var hits: UInt64 = 0
        while try reader.next(in: message) {
            if reader.field == 3 { hits = UInt64(try reader.unsigned32()) }
        }
        reader = try WireReader(message)
        while try reader.next(in: message) {
            guard reader.field == 2 else { continue }
            descriptors += 1
            try readDescriptor(reader.message(), of: message, hits)
        }
    }

    /// Reads a `RateLimitDescriptor { entries = 1, hits_addend = 3, is_negative_hits = 4 }`.
    private mutating func readDescriptor(
        _ reader: WireReader,
        of message: Span<UInt8>,
        _ common: UInt64
    ) throws(WireError) {
        var reader = reader
        var kind: Kind?
        var hits = common
        var isNegative = false
        while try reader.next(in: message) {
            switch reader.field {
            case 1: try readEntry(reader, of: message, &kind)
            case 3: hits = try EnvoyMetadata.wrapped(reader.message(), of: message, 0)
            case 4: isNegative = try reader.bool()
            default: break
            }
        }
        guard let kind else { return }
        hasCounts = true
        let amount = Int64(clamping: hits)
        let sum = sums[kind.rawValue].addingReportingOverflow(isNegative ? -amount : amount)
        sums[kind.rawValue] = sum.overflow ? (isNegative ? .min : .max) : sum.partialValue
    }

    /// Reads an `Entry { key = 1, value = 2 }`.
    private mutating func readEntry(
        _ reader: WireReader,
        of message: Span<UInt8>,
        _ kind: inout Kind?
    ) throws(WireError) {
        let entry = try MapEntry(reader, of: message)
        let key = message.bytes(in: entry.key)
        let value = message.bytes(in: entry.value)
        if Text.equal(key, "rid") || Text.equal(key, "x-tollgate-reservation") {
            if let id = ReservationID(value) { reservation = id }
        } else if Text.equal(key, "model") {
            model = entry.value
        } else if Text.equal(key, "phase") {
            if Text.equal(value, "prompt") { kind = .prompt }
            if Text.equal(value, "completion") { kind = .completion }
            if Text.equal(value, "cached") { kind = .cached }
        }
    }
}

/// Writes `envoy.service.ratelimit.v3.RateLimitResponse`.
package enum EnvoyRateLimitResponse {
    private static let ok: UInt64 = 1

    /// Writes `{ overall_code = 1, statuses = 2 { code = 1 } }`, all of them `OK`.
    ///
    /// - Parameters:
    ///   - descriptors: how many statuses; Envoy wants one for each of its descriptors.
    ///   - output: where the answer goes.
    package static func writeOK(descriptors: Int, to output: inout OutputBuffer) {
        output.appendElement(1, unsigned: ok)
        for _ in 0..<descriptors {
            output.appendElement(2) { $0.appendElement(1, unsigned: ok) }
        }
    }
}
