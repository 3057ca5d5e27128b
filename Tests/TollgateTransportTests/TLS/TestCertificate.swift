internal import COpenSSL
internal import Testing

/// A certificate with its private key, made for one test.
final class TestCertificate {
    /// What a certificate is for.
    enum Kind {
        case authority
        case server
        case client
    }

    let certificate: OpaquePointer
    let key: OpaquePointer

    /// Makes a key on P-256 and a certificate for it.
    ///
    /// - Parameters:
    ///   - name: the subject's common name.
    ///   - kind: what the certificate may be used for.
    ///   - issuer: who signs it; nil for itself.
    ///   - names: `subjectAltName` as OpenSSL's configuration files write it.
    ///   - expiresIn: seconds from now; it is valid since yesterday.
    /// - Throws: when OpenSSL refuses one of them.
    init(
        _ name: String,
        _ kind: Kind,
        issuer: TestCertificate? = nil,
        names: String? = nil,
        expiresIn: Int = 3_600
    ) throws {
        key = try TestCertificate.makeKey()
        certificate = try #require(X509_new())
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), Int64.random(in: 1...Int64.max))
        X509_gmtime_adj(X509_getm_notBefore(certificate), -86_400)
        X509_gmtime_adj(X509_getm_notAfter(certificate), expiresIn)
        X509_set_pubkey(certificate, key)
        let subject = X509_get_subject_name(certificate)
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0)
        let signer = issuer ?? self
        X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate))
        switch kind {
        case .authority: try add(NID_basic_constraints, "critical,CA:TRUE")
        case .server: try add(NID_ext_key_usage, "serverAuth")
        case .client: try add(NID_ext_key_usage, "clientAuth")
        }
        if let names { try add(NID_subject_alt_name, names) }
        try #require(X509_sign(certificate, signer.key, EVP_sha256()) > 0)
    }

    deinit {
        X509_free(certificate)
        EVP_PKEY_free(key)
    }

    private static func makeKey() throws -> OpaquePointer {
        let context = try #require(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil))
        defer { EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        try #require(EVP_PKEY_keygen_init(context) == 1)
        try #require(
            EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1
        )
        try #require(EVP_PKEY_keygen(context, &key) == 1)
        return try #require(key)
    }

    private func add(_ type: Int32, _ value: String) throws {
        let item = try #require(X509V3_EXT_conf_nid(nil, nil, type, value))
        X509_add_ext(certificate, item, -1)
        X509_EXTENSION_free(item)
    }

    /// The certificate as PEM.
    var certificatePEM: String {
        TestCertificate.text { PEM_write_bio_X509($0, certificate) }
    }

    /// The key as PEM.
    var keyPEM: String {
        TestCertificate.text { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }

    /// The key as PEM, under a password.
    var encryptedKeyPEM: String {
        let password = Array("password".utf8)
        return TestCertificate.text {
            PEM_write_bio_PrivateKey(
                $0,
                key,
                EVP_aes_128_cbc(),
                password,
                Int32(password.count),
                nil,
                nil
            )
        }
    }

    private static func text(_ write: (OpaquePointer?) -> Int32) -> String {
        let bio = BIO_new(BIO_s_mem())
        defer { BIO_free(bio) }
        _ = write(bio)
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let count = BIO_read(bio, &bytes, Int32(bytes.count))
        return String(decoding: bytes.prefix(Int(max(count, 0))), as: UTF8.self)
    }
}
