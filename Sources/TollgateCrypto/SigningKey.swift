internal import COpenSSL

/// A key that signs (Ed25519, RFC 8032): whoever has its public half can tell what it has signed.
///
/// Unchecked because of the C pointer: it is set once by `init`, and OpenSSL lets every thread sign
/// with it, each with a context of its own.
package final class SigningKey: @unchecked Sendable {
    /// How many bytes a public key has, and a signature.
    package static let publicKeyLength = 32
    package static let signatureLength = 64

    private let key: OpaquePointer
    /// The public half.
    package let publicKey: [UInt8]

    /// The key in a file that only its owner may read; made with the file when there is none.
    package convenience init(loadingOrCreating path: String) throws(CryptoError) {
        try self.init(try PepperFile.loadOrCreate(at: path, "signing key \(path)"))
    }

    /// The key of 32 secret bytes.
    init(_ seed: borrowing Pepper) throws(CryptoError) {
        let bytes = seed.memory.base.assumingMemoryBound(to: UInt8.self)
        guard
            let key = EVP_PKEY_new_raw_private_key(NID_ED25519, nil, bytes, seed.memory.count)
        else { throw CryptoError(.memory, "no memory for a signing key") }
        var publicKey = [UInt8](repeating: 0, count: SigningKey.publicKeyLength)
        var count = publicKey.count
        guard EVP_PKEY_get_raw_public_key(key, &publicKey, &count) == 1 else {
            EVP_PKEY_free(key)
            throw CryptoError(.memory, "a signing key without its public half")
        }
        self.key = key
        self.publicKey = publicKey
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// The signature of some bytes: the same for the same bytes.
    package func sign(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard let context = EVP_MD_CTX_new() else {
            throw CryptoError(.memory, "no memory for a signature")
        }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: SigningKey.signatureLength)
        var count = signature.count
        guard
            EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, bytes, bytes.count) == 1
        else { throw CryptoError(.memory, "a signature cannot be made") }
        return signature
    }

    /// Whether a signature is that of some bytes by the owner of a public key.
    package static func isValid(
        _ signature: [UInt8],
        of bytes: [UInt8],
        by publicKey: [UInt8]
    ) -> Bool {
        guard
            signature.count == signatureLength, publicKey.count == publicKeyLength,
            let key = EVP_PKEY_new_raw_public_key(NID_ED25519, nil, publicKey, publicKey.count)
        else { return false }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, bytes, bytes.count) == 1
    }
}
