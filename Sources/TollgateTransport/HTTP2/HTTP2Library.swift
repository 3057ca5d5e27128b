internal import CNghttp2

/// What all sessions of a loop share of nghttp2: its callbacks, its memory and two sets of options.
final class HTTP2Library {
    let callbacks: OpaquePointer
    let memory = HTTP2Memory()
    private let trusted: OpaquePointer
    private let untrusted: OpaquePointer

    init(_ configuration: TransportConfiguration) throws(TransportError) {
        var callbacks: OpaquePointer?
        var trusted: OpaquePointer?
        var untrusted: OpaquePointer?
        guard
            nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks,
            nghttp2_option_new(&trusted) == 0, let trusted,
            nghttp2_option_new(&untrusted) == 0, let untrusted
        else {
            throw TransportError(code: .state, message: "nghttp2 has no memory")
        }
        self.callbacks = callbacks
        self.trusted = trusted
        self.untrusted = untrusted
        HTTP2Callbacks.install(on: callbacks)
        HTTP2Library.set(trusted, configuration.trusted)
        HTTP2Library.set(untrusted, configuration.untrusted)
    }

    deinit {
        nghttp2_session_callbacks_del(callbacks)
        nghttp2_option_del(trusted)
        nghttp2_option_del(untrusted)
    }

    func options(trusted isTrusted: Bool) -> OpaquePointer {
        isTrusted ? trusted : untrusted
    }

    private static func set(_ options: OpaquePointer, _ budget: PeerBudget) {
        // Closed streams are kept only for the priority tree, which nobody uses.
        nghttp2_option_set_no_closed_streams(options, 1)
        // The session counts every reset by itself: it knows which of them answer its own, and says
        // why it ends. The library's limit knows neither, so it must not bind.
        nghttp2_option_set_stream_reset_rate_limit(options, UInt64.max, UInt64.max)
        nghttp2_option_set_max_outbound_ack(options, budget.outboundAcknowledgements)
        nghttp2_option_set_max_settings(options, budget.settingsEntries)
        nghttp2_option_set_max_continuations(options, 8)
    }
}

/// The header lists of answers, made once: nghttp2 copies neither names nor values.
enum HTTP2Fields {
    /// The field of two constants.
    static func field(_ name: StaticString, _ value: StaticString) -> nghttp2_nv {
        nghttp2_nv(
            // nghttp2 only reads them; its type has no const.
            name: UnsafeMutablePointer(mutating: name.utf8Start),
            value: UnsafeMutablePointer(mutating: value.utf8Start),
            namelen: name.utf8CodeUnitCount,
            valuelen: value.utf8CodeUnitCount,
            flags: UInt8(
                NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue | NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue
            )
        )
    }

    /// The field of a constant name and bytes that nghttp2 copies.
    static func field(
        _ name: StaticString,
        _ value: UnsafeMutablePointer<UInt8>,
        _ count: Int
    ) -> nghttp2_nv {
        nghttp2_nv(
            name: UnsafeMutablePointer(mutating: name.utf8Start),
            value: value,
            namelen: name.utf8CodeUnitCount,
            valuelen: count,
            flags: UInt8(NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)
        )
    }

    /// The field of a constant name and a value that nghttp2 copies.
    static func copied(_ name: StaticString, _ value: UnsafeBufferPointer<UInt8>) -> nghttp2_nv {
        copied(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value)
    }

    /// The field of two texts that nghttp2 copies.
    static func copied(
        _ name: UnsafeBufferPointer<UInt8>,
        _ value: UnsafeBufferPointer<UInt8>
    ) -> nghttp2_nv {
        nghttp2_nv(
            name: UnsafeMutablePointer(mutating: name.baseAddress),
            value: UnsafeMutablePointer(mutating: value.baseAddress),
            namelen: name.count,
            valuelen: value.count,
            flags: 0
        )
    }
}
