internal import COpenSSL

/// What every TLS connection of a listener has in common: certificate, key, authorities, rules.
///
/// TLS 1.3 only, with ALPN `h2`, or else `http/1.1`; a client that does not use ALPN speaks the
/// latter. There are no tickets and no early data: proxies
/// keep their connections for hours, a resumed connection would not look at the client's
/// certificate again, and a Check that is replayed would reserve twice. With authorities, a client
/// needs a certificate that one of them vouches for.
///
/// Never changes after `init`; new files mean a new context, and connections keep the one that they
/// started with.
package final class TLSContext: Sendable {
    /// The `SSL_CTX`, owned, freed in `deinit` (connections hold references of their own).
    ///
    /// Safe to share: it is only changed in `init`, before anybody else knows it. What OpenSSL
    /// itself changes in it afterwards, its reference count and statistics, it changes atomically.
    nonisolated(unsafe) let handle: OpaquePointer

    /// Reads the files and checks that they go together.
    ///
    /// - Parameters:
    ///   - certificateFile: PEM; the server's certificate, then those between it and its root.
    ///   - keyFile: PEM; the certificate's private key, not encrypted. May be the same file.
    ///   - clientCAFile: PEM; the authorities of clients. nil: clients need no certificate.
    /// - Throws: what is wrong with which file.
    package init(
        certificateFile: String,
        keyFile: String,
        clientCAFile: String?
    ) throws(TransportError) {
        OpenSSLErrors.clear()
        guard let handle = SSL_CTX_new(TLS_server_method()) else {
            throw TransportError(code: .tls, message: OpenSSLErrors.takeReason())
        }
        self.handle = handle
        try setRules()
        let certificate = try PEMFile(certificateFile)
        if keyFile == certificateFile {
            // Read once: were another file put there meanwhile, its key would be another's.
            try useCertificate(certificate, key: certificate)
        } else {
            try useCertificate(certificate, key: PEMFile(keyFile))
        }
        if let clientCAFile { try requireClientCertificate(from: PEMFile(clientCAFile)) }
    }

    deinit {
        SSL_CTX_free(handle)
    }

    private func setRules() throws(TransportError) {
        let suites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
        OpenSSLErrors.clear()
        guard
            tg_SSL_CTX_set_min_proto_version(handle, TLS1_3_VERSION) == 1,
            tg_SSL_CTX_set_max_proto_version(handle, TLS1_3_VERSION) == 1,
            SSL_CTX_set_ciphersuites(handle, suites) == 1,
            tg_SSL_CTX_set1_groups_list(handle, "X25519:P-256") == 1,
            SSL_CTX_set_num_tickets(handle, 0) == 1,
            SSL_CTX_set_max_early_data(handle, 0) == 1,
            SSL_CTX_set_recv_max_early_data(handle, 0) == 1
        else {
            throw TransportError(code: .tls, message: OpenSSLErrors.takeReason())
        }
        SSL_CTX_set_options(
            handle,
            tg_SSL_OP_NO_RENEGOTIATION() | tg_SSL_OP_NO_COMPRESSION() | tg_SSL_OP_NO_TICKET()
                | tg_SSL_OP_CIPHER_SERVER_PREFERENCE()
        )
        tg_SSL_CTX_set_session_cache_mode(handle, Int(SSL_SESS_CACHE_OFF))
        // An idle connection gives its buffers back: 34 KiB each.
        tg_SSL_CTX_set_mode(handle, Int(SSL_MODE_RELEASE_BUFFERS))
        // Comes back after each record that carries no data, so that those can be counted.
        tg_SSL_CTX_clear_mode(handle, Int(SSL_MODE_AUTO_RETRY))
        tg_SSL_CTX_set_max_cert_list(handle, 32 * 1024)
        SSL_CTX_set_alpn_select_cb(handle, selectProtocol, nil)
    }

    private func useCertificate(
        _ file: borrowing PEMFile,
        key keyFile: borrowing PEMFile
    ) throws(TransportError) {
        var isFirst = true
        var leaf: OpaquePointer?
        // The context holds the certificate from the first round on; this reference ends here.
        defer { X509_free(leaf) }
        _ = try file.forEachCertificate { certificate throws(TransportError) in
            OpenSSLErrors.clear()
            if isFirst {
                isFirst = false
                X509_up_ref(certificate)
                leaf = certificate
            }
            let result =
                leaf == certificate
                ? SSL_CTX_use_certificate(handle, certificate)
                : tg_SSL_CTX_add1_chain_cert(handle, certificate)
            guard result == 1 else { throw file.failure(OpenSSLErrors.takeReason()) }
        }
        try keyFile.withPrivateKey { key throws(TransportError) in
            guard X509_check_private_key(leaf, key) == 1 else {
                throw keyFile.failure("the key does not belong to the certificate in \(file.path)")
            }
            OpenSSLErrors.clear()
            guard SSL_CTX_use_PrivateKey(handle, key) == 1 else {
                throw keyFile.failure(OpenSSLErrors.takeReason())
            }
        }
    }

    private func requireClientCertificate(
        from file: borrowing PEMFile
    ) throws(TransportError) {
        let store = SSL_CTX_get_cert_store(handle)
        _ = try file.forEachCertificate { certificate throws(TransportError) in
            OpenSSLErrors.clear()
            // The names are sent to clients, which choose their certificate by them.
            guard
                X509_STORE_add_cert(store, certificate) == 1,
                SSL_CTX_add_client_CA(handle, certificate) == 1
            else { throw file.failure(OpenSSLErrors.takeReason()) }
        }
        OpenSSLErrors.clear()
        guard SSL_CTX_set_purpose(handle, X509_PURPOSE_SSL_CLIENT) == 1 else {
            throw file.failure(OpenSSLErrors.takeReason())
        }
        SSL_CTX_set_verify_depth(handle, 3)
        SSL_CTX_set_verify(handle, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    }
}

/// Selects from the protocols that the client offers: `h2`, else `http/1.1`, and none other will do.
///
/// RFC 7301 section 3.1: names of 1 to 255 bytes, each behind its length. Not called for a client
/// without ALPN, with whom HTTP/2 is not agreed on (RFC 9113 section 3.2).
private func selectProtocol(
    _ ssl: OpaquePointer?,
    _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ selectedCount: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?,
    _ offeredCount: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    let names = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
    guard let range = place(of: "h2", in: names) ?? place(of: "http/1.1", in: names) else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    // Points into what was offered, which lives as long as OpenSSL needs the answer.
    selected?.pointee = offered.map { $0 + range.lowerBound }
    selectedCount?.pointee = UInt8(clamping: range.count)
    return SSL_TLSEXT_ERR_OK
}

/// Where a name is among those that a client offers.
private func place(of name: StaticString, in names: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
    var index = 0
    while index < names.count {
        let length = Int(names[index])
        index += 1
        guard length > 0, length <= names.count - index else { return nil }
        let range = index..<index + length
        if UnsafeBufferPointer(rebasing: names[range]).equals(name) { return range }
        index += length
    }
    return nil
}
