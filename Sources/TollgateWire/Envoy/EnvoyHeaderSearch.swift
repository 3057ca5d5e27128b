internal import TollgateCore

/// Looks for one header in Envoy's request: for what only logs need, so that reading a request has
/// nothing to do with it.
package enum EnvoyHeaderSearch {
    /// The value of the first header with a name in small letters.
    ///
    /// - Parameters:
    ///   - name: the header's.
    ///   - message: a `CheckRequest` that was read before.
    /// - Returns: nil when it has no such header.
    package static func value(of name: StaticString, in message: Span<UInt8>) -> [UInt8]? {
        do throws(WireError) {
            // CheckRequest.attributes, AttributeContext.request, Request.http.
            return try search(WireReader(message), [1, 4, 2], name, message)
        } catch {
            return nil
        }
    }

    private static func search(
        _ reader: WireReader,
        _ path: ArraySlice<UInt32>,
        _ name: StaticString,
        _ message: Span<UInt8>
    ) throws(WireError) -> [UInt8]? {
        var reader = reader
        while try reader.next(in: message) {
            let found: [UInt8]?
            if let field = path.first {
                guard reader.field == field else { continue }
                found = try search(reader.message(), path.dropFirst(), name, message)
            } else {
                found = try value(at: reader, name, message)
            }
            if let found { return found }
        }
        return nil
    }

    /// Reads an entry of `headers = 3`, or the headers of the `HeaderMap` that is `header_map = 13`.
    private static func value(
        at reader: WireReader,
        _ name: StaticString,
        _ message: Span<UInt8>
    ) throws(WireError) -> [UInt8]? {
        switch reader.field {
        case 3:
            let entry = try MapEntry(reader, of: message)
            return matches(entry.key, name, message) ? bytes(entry.value, message) : nil
        case 13:
            var headers = try reader.message()
            while try headers.next(in: message) {
                guard headers.field == 1 else { continue }
                var (key, value) = (ByteRange.empty, ByteRange.empty)
                var header = try headers.message()
                while try header.next(in: message) {
                    switch header.field {
                    case 1: key = try header.range()
                    // Plain or raw: whichever is filled.
                    case 2, 3: value = try header.range()
                    default: break
                    }
                }
                if matches(key, name, message) { return bytes(value, message) }
            }
            return nil
        default: return nil
        }
    }

    private static func matches(
        _ key: ByteRange,
        _ name: StaticString,
        _ message: Span<UInt8>
    ) -> Bool {
        Text.equal(message.bytes(in: key), name)
    }

    private static func bytes(_ range: ByteRange, _ message: Span<UInt8>) -> [UInt8] {
        message.bytes(in: range).withUnsafeBufferPointer { Array($0) }
    }
}
