internal import COpenSSL
package import NIOCore

/// How far a step of a TLS connection got.
package enum TLSProgress: Equatable, Sendable {
    /// The peer must send more first.
    case incomplete
    /// The step is done.
    case complete
    /// The peer said that it sends no more (`close_notify`).
    case closed
    /// The connection cannot go on; what is to go out may hold an alert for the peer.
    case failed(TLSFailure)
}

/// The server's end of one TLS connection, without a socket: bytes in, bytes out.
///
/// For one thread. After `failed`, only `drain` may be called.
package final class TLSConnection {
    /// The most that a peer may send for a handshake: twice the largest chain of certificates that
    /// is taken.
    private static let handshakeLimit = 64 * 1024

    /// The most records without data that a peer may send in one go.
    ///
    /// There are two kinds: updates of keys, of which one is due in many gigabytes, and empty
    /// records.
    private static let controlRecordLimit = 16

    /// What a record adds to at most 16 KiB of data (RFC 8446 section 5.2): header, type and tag.
    private static let recordOverhead = 22
    private static let recordLimit = 16 * 1024

    /// After how many bytes our key is changed.
    ///
    /// RFC 8446 section 5.5 allows AES-GCM some 2^38 bytes under one key, which a proxy's
    /// connection reaches in days; OpenSSL leaves the change to its user.
    package static let keyLifetime = 1 << 36

    /// The `SSL`, owned; it owns the BIO, which borrows `wire`.
    private let ssl: OpaquePointer
    private let wire: TLSWire

    private let keyLifetime: Int
    /// How many bytes were written since the key was changed.
    private var writtenCount = 0

    /// A connection that waits for the peer's ClientHello.
    package init(
        _ context: TLSContext,
        keyLifetime: Int = TLSConnection.keyLifetime
    ) throws(TLSFailure) {
        let wire = TLSWire()
        OpenSSLErrors.clear()
        guard let ssl = SSL_new(context.handle) else {
            throw TLSFailure(code: .local, reason: OpenSSLErrors.takeReason())
        }
        guard let bio = wire.makeBIO() else {
            SSL_free(ssl)
            throw TLSFailure(code: .local, reason: OpenSSLErrors.takeReason())
        }
        // Takes over one reference for both directions.
        SSL_set_bio(ssl, bio, bio)
        SSL_set_accept_state(ssl)
        self.ssl = ssl
        self.wire = wire
        self.keyLifetime = keyLifetime
    }

    deinit {
        SSL_free(ssl)
    }

    /// How many bytes came in that were not looked at yet: the next data is hardly longer.
    package var unreadCount: Int { wire.unreadCount }

    /// Takes encrypted bytes from the peer.
    package func feed(_ bytes: ByteBuffer) {
        wire.feed(bytes)
    }

    /// Takes the encrypted bytes that are to be sent; nil when there are none.
    package func drain() -> ByteBuffer? {
        wire.drain()
    }

    /// Goes on with the handshake.
    package func handshake() -> TLSProgress {
        OpenSSLErrors.clear()
        let progress = progress(of: SSL_do_handshake(ssl), failure: .handshake)
        // OpenSSL is silent to a peer that does not speak TLS; RFC 8446 section 5 wants an alert.
        if case .failed = progress, wire.isSilent { wire.writeAlert() }
        if progress == .incomplete && wire.consumedCount > TLSConnection.handshakeLimit {
            return fail(TLSFailure(code: .handshake, reason: "handshake is too long"))
        }
        return progress
    }

    /// Decrypts what came in, and appends it to a buffer.
    ///
    /// - Parameters:
    ///   - plaintext: the buffer.
    ///   - limit: how many bytes the buffer may hold in the end.
    /// - Returns: `complete` when the limit was reached and more may be there, otherwise why there
    ///   is no more; what was decrypted before that is in the buffer in any case.
    package func read(into plaintext: inout ByteBuffer, upTo limit: Int) -> TLSProgress {
        var controlRecords = 0
        while hasUnread && plaintext.readableBytes < limit {
            let step = readOnce(into: &plaintext, atMost: limit - plaintext.readableBytes)
            switch step {
            case .complete: continue
            case .closed, .failed: return step
            case .incomplete: controlRecords += 1
            }
            // OpenSSL stops for want of bytes, and after each record without data.
            if hasUnread && controlRecords > TLSConnection.controlRecordLimit {
                return fail(TLSFailure(code: .record, reason: "too many records without data"))
            }
        }
        return hasUnread ? .complete : .incomplete
    }

    /// Whether there is anything that might be decrypted, or was and did not fit.
    private var hasUnread: Bool { wire.unreadCount > 0 || SSL_pending(ssl) > 0 }

    private func readOnce(into plaintext: inout ByteBuffer, atMost limit: Int) -> TLSProgress {
        var result: Int32 = 0
        // What is left of a record that did not fit is there without anything being read.
        let room = max(plaintext.writableBytes, Int(SSL_pending(ssl)), 1)
        plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: min(room, limit)) { target in
            var count = 0
            OpenSSLErrors.clear()
            result = SSL_read_ex(ssl, target.baseAddress, min(target.count, limit), &count)
            return result == 1 ? count : 0
        }
        return progress(of: result, failure: .record)
    }

    /// Encrypts data, which `drain` then has; only for an open connection.
    package func write(_ bytes: ByteBuffer) -> TLSProgress {
        let count = bytes.readableBytes
        guard count > 0 else { return .complete }
        let records = count / TLSConnection.recordLimit + 1
        wire.reserveOutput(count + records * TLSConnection.recordOverhead)
        OpenSSLErrors.clear()
        if writtenCount >= keyLifetime {
            writtenCount = 0
            // The peer is told with the next record; its own key is its own business.
            SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED)
        }
        writtenCount &+= count
        let result = bytes.withUnsafeReadableBytes { source in
            var written = 0
            return SSL_write_ex(ssl, source.baseAddress, source.count, &written)
        }
        return progress(of: result, failure: .local)
    }

    /// Says that nothing more is sent (`close_notify`), which `drain` then has; only for an open
    /// connection, and once.
    package func shutdown() {
        OpenSSLErrors.clear()
        SSL_shutdown(ssl)
        OpenSSLErrors.clear()
    }

    /// What the peer's certificate calls it; empty unless the context asks for certificates.
    package var identities: [String] {
        guard let certificate = SSL_get0_peer_certificate(ssl) else { return [] }
        return SubjectNames.identities(of: certificate)
    }

    /// Whether the client and we have agreed on `h2`.
    package var isHTTP2: Bool {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &count)
        return UnsafeBufferPointer(start: name, count: Int(count)).equals("h2")
    }

    /// What a call's result means; must follow the call at once.
    private func progress(of result: Int32, failure code: TLSFailure.Code) -> TLSProgress {
        if result == 1 { return .complete }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .incomplete
        case SSL_ERROR_ZERO_RETURN: return .closed
        default: break
        }
        let verification = SSL_get_verify_result(ssl)
        var reason = OpenSSLErrors.takeReason()
        if verification != Int(X509_V_OK),
            let text = X509_verify_cert_error_string(verification)
        {
            reason += ": " + String(cString: text)
        }
        return fail(TLSFailure(code: code, reason: reason))
    }

    /// Keeps nothing of what a peer sent that is given up.
    private func fail(_ failure: TLSFailure) -> TLSProgress {
        wire.discardInput()
        return .failed(failure)
    }
}
