internal import TollgateCore

/// How a request is read: one function for each message on the way to a header.
extension EnvoyCheckRequest {
    /// Reads the `CheckRequest { attributes = 1 }`.
    mutating func read(_ message: Span<UInt8>) throws(WireError) {
        var reader = try WireReader(message)
        while try reader.next(in: message) {
            if reader.field == 1 { try readAttributes(reader.message(), of: message) }
        }
        guard
            WireText.isValid(message, in: method), WireText.isValid(message, in: path),
            WireText.isValid(message, in: host), WireText.isValid(message, in: peerAddress),
            WireText.isValid(message, in: principal),
            WireText.isValid(message, in: requestInfo.model)
        else { throw .notText }
    }

    /// Reads an `AttributeContext { source = 1, request = 4, context_extensions = 10,
    /// metadata_context = 11 }`.
    private mutating func readAttributes(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while true {
            while let (name, value) = reader.nextPlainPair(tagged: 0x52, in: message) {
                try addExtension(name, value, of: message)
            }
            guard try reader.next(in: message) else { return }
            switch reader.field {
            case 1: try readPeer(reader.message(), of: message)
            case 4: try readRequest(reader.message(), of: message)
            case 10:
                let entry = try MapEntry(reader, of: message)
                try addExtension(entry.key, entry.value, of: message)
            case 11: try readMetadata(reader.message(), of: message)
            default: break
            }
        }
    }

    /// Reads a `Peer { address = 1, principal = 4 }` with its `Address { socket_address = 1 }`.
    private mutating func readPeer(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            switch reader.field {
            case 1:
                var address = try reader.message()
                while try address.next(in: message) {
                    if address.field == 1 { try readSocketAddress(address.message(), of: message) }
                }
            case 4: principal = try reader.range()
            default: break
            }
        }
    }

    /// Reads a `SocketAddress { address = 2, port_value = 3 }`.
    private mutating func readSocketAddress(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            switch reader.field {
            case 2: peerAddress = try reader.range()
            case 3: _ = try reader.unsigned()
            default: break
            }
        }
    }

    /// Reads a `Request { http = 2 }`.
    private mutating func readRequest(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            if reader.field == 2 { try readHTTP(reader.message(), of: message) }
        }
    }

    /// Reads an `HttpRequest { method = 2, headers = 3, path = 4, host = 5, size = 9, body = 11,
    /// raw_body = 12, header_map = 13 }`.
    private mutating func readHTTP(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while true {
            // Field 3, which is most of a request.
            while let (name, value) = reader.nextPlainPair(tagged: 0x1A, in: message) {
                try countHeader()
                if KnownHeader.mayBe(name, of: message) { try add(name, value, of: message) }
            }
            guard try reader.next(in: message) else { return }
            switch reader.field {
            case 2: method = try reader.range()
            case 3:
                try countHeader()
                try readUnusualHeader(reader.message(), of: message, isMapEntry: true)
            case 4: path = try reader.range()
            case 5: host = try reader.range()
            case 9: size = try reader.signed()
            case 11: textBody = try reader.range()
            case 12: rawBody = try reader.range()
            case 13: try readHeaderMap(reader.message(), of: message)
            default: break
            }
        }
    }

    /// Reads a `HeaderMap { headers = 1 }`.
    private mutating func readHeaderMap(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            if reader.field == 1 {
                try countHeader()
                try readUnusualHeader(reader.message(), of: message, isMapEntry: false)
            }
        }
    }

    @inline(__always)
    mutating func countHeader() throws(WireError) {
        guard headerCount < WireLimits.headers else { throw .tooMany }
        headerCount &+= 1
    }

    /// Reads an entry of `headers`, `{ key = 1, value = 2 }`, that is no plain pair, or a
    /// `HeaderValue`, which also has `raw_value = 3`.
    private mutating func readUnusualHeader(
        _ reader: WireReader,
        of message: Span<UInt8>,
        isMapEntry: Bool
    ) throws(WireError) {
        var reader = reader
        var name = ByteRange.empty
        var value = ByteRange.empty
        var rawValue = ByteRange.empty
        while try reader.next(in: message) {
            switch reader.field {
            case 1: name = try reader.range()
            case 2: value = try reader.range()
            case 3 where !isMapEntry: rawValue = try reader.range()
            default: break
            }
        }
        if rawValue.isEmpty {
            try add(name, value, of: message)
        } else if let header = KnownHeader(message.bytes(in: name)) {
            store(header, rawValue, of: message)
        }
    }

    /// Keeps a header when it matters; its value must be text.
    @inline(never)
    mutating func add(
        _ name: ByteRange,
        _ value: ByteRange,
        of message: Span<UInt8>
    ) throws(WireError) {
        guard let header = KnownHeader(message.bytes(in: name)) else { return }
        guard WireText.isValid(message, in: value) else { throw .notText }
        store(header, value, of: message)
    }

    @inline(__always)
    private mutating func store(
        _ header: KnownHeader,
        _ value: ByteRange,
        of message: Span<UInt8>
    ) {
        switch header {
        case .authorization: headers.authorization.add(value)
        case .xAPIKey: headers.xAPIKey.add(value)
        case .apiKey: headers.apiKey.add(value)
        case .forwardedFor: headers.forwardedFor.add(value)
        case .userAgent: headers.userAgent = value
        case .requestID: headers.requestID = value
        case .contentType: headers.contentType = value
        case .contentLength: headers.contentLength = value
        case .contentEncoding: headers.contentEncoding = value
        case .partialBody:
            headers.hasPartialBody = KnownHeader.isTrue(message.bytes(in: value))
        case .model: headers.tollgate.model = value
        case .region: headers.tollgate.region = value
        case .provider: headers.tollgate.provider = value
        case .supplier: headers.tollgate.supplier = value
        case .action: headers.tollgate.action = value
        case .tokens: headers.tollgate.tokens = value
        }
    }

    /// Keeps an entry of `context_extensions` when it matters; its value must be text.
    private mutating func addExtension(
        _ key: ByteRange,
        _ value: ByteRange,
        of message: Span<UInt8>
    ) throws(WireError) {
        let name = message.bytes(in: key)
        switch key.count {
        case 5 where Text.equal(name, "model"): extensions.model = value
        case 6 where Text.equal(name, "region"): extensions.region = value
        case 6 where Text.equal(name, "action"): extensions.action = value
        case 8 where Text.equal(name, "provider"): extensions.provider = value
        case 8 where Text.equal(name, "supplier"): extensions.supplier = value
        default: return
        }
        guard WireText.isValid(message, in: value) else { throw .notText }
    }

    /// Reads a `Metadata { filter_metadata = 1, typed_filter_metadata = 2 }`.
    private mutating func readMetadata(
        _ reader: WireReader,
        of message: Span<UInt8>
    ) throws(WireError) {
        var reader = reader
        while try reader.next(in: message) {
            switch reader.field {
            case 1:
                let entry = try reader.message()
                if let info = try EnvoyMetadata.structInfo(entry, of: message) { structInfo = info }
            case 2:
                let entry = try reader.message()
                if let info = try EnvoyMetadata.typedInfo(entry, of: message) { typedInfo = info }
            default: break
            }
        }
    }
}
