internal import CNghttp2

/// A frame that the server sent.
package struct ReceivedFrame: Equatable {
    package let kind: UInt8
    package let flags: UInt8
    package let stream: Int
    package let payload: [UInt8]
    /// Names and values, for HEADERS.
    package var fields: [String: String] = [:]

    package init(kind: UInt8, flags: UInt8, stream: Int, payload: [UInt8]) {
        self.kind = kind
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    package func isKind(_ kind: RawFrames.Kind) -> Bool { self.kind == kind.rawValue }

    package var ends: Bool {
        flags & RawFrames.endStream != 0
            && (isKind(.data) || isKind(.headers))
    }

    /// The big-endian number at an offset of the payload.
    package func number(at offset: Int) -> UInt32 {
        payload[offset..<(offset + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension [ReceivedFrame] {
    package func ofKind(_ kind: RawFrames.Kind, stream: Int? = nil) -> [ReceivedFrame] {
        filter { $0.isKind(kind) && (stream == nil || $0.stream == stream) }
    }

    /// How a call ended: the value of `grpc-status`.
    package func status(_ stream: Int) -> String? {
        ofKind(.headers, stream: stream).compactMap { $0.fields["grpc-status"] }.last
    }

    /// The bytes of all DATA of a call.
    package func body(_ stream: Int) -> [UInt8] {
        ofKind(.data, stream: stream).flatMap(\.payload)
    }

    /// The code of the last GOAWAY.
    package var goawayCode: UInt32? { ofKind(.goaway).last?.number(at: 4) }
}

/// Cuts what the server sent into frames and decodes their headers with nghttp2's decoder.
package final class FrameReader {
    private let inflater: OpaquePointer
    private var rest: [UInt8] = []

    package init() {
        var created: OpaquePointer?
        nghttp2_hd_inflate_new(&created)
        guard let created else { preconditionFailure("no memory") }
        inflater = created
    }

    deinit {
        nghttp2_hd_inflate_del(inflater)
    }

    package func read(_ bytes: [UInt8]) -> [ReceivedFrame] {
        rest += bytes
        var frames: [ReceivedFrame] = []
        while rest.count >= 9 {
            let length = Int(rest[0]) << 16 | Int(rest[1]) << 8 | Int(rest[2])
            guard rest.count >= 9 + length else { break }
            var frame = ReceivedFrame(
                kind: rest[3],
                flags: rest[4],
                stream: rest[5..<9].reduce(0) { $0 << 8 | Int($1) },
                payload: Array(rest[9..<(9 + length)])
            )
            if frame.isKind(.headers) { frame.fields = inflate(frame.payload) }
            frames.append(frame)
            rest.removeFirst(9 + length)
        }
        return frames
    }

    private func inflate(_ block: [UInt8]) -> [String: String] {
        var fields: [String: String] = [:]
        var input = block
        input.withUnsafeMutableBufferPointer { buffer in
            var position = 0
            while true {
                var field = nghttp2_nv()
                var flags: Int32 = 0
                let count = nghttp2_hd_inflate_hd2(
                    inflater,
                    &field,
                    &flags,
                    buffer.baseAddress.map { $0 + position },
                    buffer.count - position,
                    1
                )
                guard count >= 0 else { return }
                position += count
                if flags & Int32(NGHTTP2_HD_INFLATE_EMIT.rawValue) != 0 {
                    fields[text(field.name, field.namelen)] = text(field.value, field.valuelen)
                }
                if flags & Int32(NGHTTP2_HD_INFLATE_FINAL.rawValue) != 0 { break }
            }
        }
        nghttp2_hd_inflate_end_headers(inflater)
        return fields
    }

    private func text(_ start: UnsafeMutablePointer<UInt8>?, _ count: Int) -> String {
        String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
