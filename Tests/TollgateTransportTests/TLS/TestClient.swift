internal import COpenSSL
internal import Testing

/// The client's end of a TLS connection in memory, independent of the code that it tests.
final class TestClient {
    private let context: OpaquePointer
    private let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer

    /// Whether the handshake is over, as far as this end knows.
    private(set) var isConnected = false

    /// The description of the alert that the server sent (RFC 8446 section 6).
    private(set) var alert: Int?

    /// What was decrypted.
    private(set) var received: [UInt8] = []

    /// Whether the server said `close_notify`.
    private(set) var isClosed = false

    /// Prepares a ClientHello.
    ///
    /// - Parameters:
    ///   - authority: who vouches for the server.
    ///   - identity: the client's certificate.
    ///   - chain: what is between that and its root.
    ///   - protocols: ALPN; empty for none.
    ///   - version: the newest TLS that is offered.
    /// - Throws: when OpenSSL refuses one of them.
    init(
        trusting authority: TestCertificate,
        identity: TestCertificate? = nil,
        chain: [TestCertificate] = [],
        protocols: [String] = ["h2"],
        version: Int32 = TLS1_3_VERSION
    ) throws {
        context = try #require(SSL_CTX_new(TLS_client_method()))
        tg_SSL_CTX_set_max_proto_version(context, version)
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.certificate)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if let identity {
            try #require(SSL_CTX_use_certificate(context, identity.certificate) == 1)
            try #require(SSL_CTX_use_PrivateKey(context, identity.key) == 1)
        }
        for certificate in chain { tg_SSL_CTX_add1_chain_cert(context, certificate.certificate) }
        let offer = protocols.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        if !offer.isEmpty {
            try #require(SSL_CTX_set_alpn_protos(context, offer, UInt32(offer.count)) == 0)
        }
        ssl = try #require(SSL_new(context))
        incoming = try #require(BIO_new(BIO_s_mem()))
        outgoing = try #require(BIO_new(BIO_s_mem()))
        SSL_set_bio(ssl, incoming, outgoing)
        SSL_set_connect_state(ssl)
    }

    deinit {
        SSL_free(ssl)
        SSL_CTX_free(context)
    }

    /// Takes bytes from the server and does what can be done with them.
    func feed(_ bytes: [UInt8]) {
        if !bytes.isEmpty { BIO_write(incoming, bytes, Int32(bytes.count)) }
        ERR_clear_error()
        if !isConnected {
            let result = SSL_do_handshake(ssl)
            isConnected = result == 1
            if !isConnected { note(result) }
        }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while isConnected {
            let count = SSL_read(ssl, &buffer, Int32(buffer.count))
            guard count > 0 else {
                note(count)
                return
            }
            received += buffer.prefix(Int(count))
        }
    }

    private func note(_ result: Int32) {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_ZERO_RETURN: isClosed = true
        case SSL_ERROR_SSL:
            // OpenSSL's reasons from 1000 on are the peer's alerts.
            let reason = Int(ERR_GET_REASON(ERR_peek_last_error()))
            if reason >= 1_000 { alert = reason - 1_000 }
        default: break
        }
        ERR_clear_error()
    }

    /// What is to be sent to the server.
    func drain() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = BIO_read(outgoing, &buffer, Int32(buffer.count))
            guard count > 0 else { return bytes }
            bytes += buffer.prefix(Int(count))
        }
    }

    /// Encrypts data; `drain` then has it.
    func write(_ bytes: [UInt8]) {
        #expect(SSL_write(ssl, bytes, Int32(bytes.count)) == bytes.count)
    }

    /// Says `close_notify`.
    func shutdown() {
        SSL_shutdown(ssl)
    }

    /// Changes the keys, and asks the server to change its own when `isMutual`.
    func updateKeys(isMutual: Bool) {
        SSL_key_update(ssl, isMutual ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED)
        SSL_do_handshake(ssl)
    }

    /// The version that was agreed on.
    var version: Int32 { SSL_version(ssl) }

    /// Whether the server gave out a ticket for a later connection.
    var hasTicket: Bool { SSL_SESSION_is_resumable(SSL_get_session(ssl)) == 1 }

    /// Whether the server presented this certificate.
    func sees(_ server: TestCertificate) -> Bool {
        X509_cmp(SSL_get0_peer_certificate(ssl), server.certificate) == 0
    }
}
