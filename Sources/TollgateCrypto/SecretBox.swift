internal import COpenSSL

/// Encrypts what has to be read again, unlike the secrets of keys: the credentials of suppliers.
///
/// AES-256-GCM (NIST SP 800-38D) under a key that HKDF-SHA256 (RFC 5869) derives from the pepper, so
/// that the database alone says nothing. The nonce is random; with 96 bits, 2^32 boxes under one
/// pepper keep the chance of a repeated one below 2^-32. A box is a byte for its form, the nonce, as
/// many bytes as the text has, and a tag of 16 bytes. Safe from any thread.
package final class SecretBox: Sendable {
    private static let form: UInt8 = 1
    private static let nonceCount = 12
    private static let tagCount = 16
    /// The most bytes of a text.
    package static let textLimit = 1 << 16
    private static let purpose = Array("tollgate secret box 1".utf8)

    private let key: BoxKey

    /// Derives the key.
    package init(_ pepper: borrowing Pepper) throws(CryptoError) {
        key = try BoxKey(HKDF.key(from: pepper, for: SecretBox.purpose))
    }

    /// Encrypts a text.
    ///
    /// - Parameters:
    ///   - text: at most `textLimit` bytes.
    ///   - context: what the box belongs to; it opens only with the same.
    /// - Returns: the box.
    /// - Throws: when there are no random numbers, or no memory.
    package func seal(_ text: [UInt8], context: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard text.count <= SecretBox.textLimit else {
            throw CryptoError(.box, "a text of \(text.count) bytes is too long")
        }
        var nonce = [UInt8](repeating: 0, count: SecretBox.nonceCount)
        var span = nonce.mutableSpan
        try SecureRandom.fill(&span)
        var sealed = [UInt8](repeating: 0, count: text.count)
        var tag = [UInt8](repeating: 0, count: SecretBox.tagCount)
        guard let cipher = Cipher(.encrypting, key.memory, nonce) else { throw SecretBox.failure }
        guard
            cipher.authenticate(context), cipher.transform(text, into: &sealed),
            cipher.finish(), cipher.readTag(into: &tag)
        else { throw SecretBox.failure }
        return [SecretBox.form] + nonce + sealed + tag
    }

    /// Decrypts a box.
    ///
    /// - Returns: nil when it was made under another pepper, for another context, or was changed.
    package func open(_ box: [UInt8], context: [UInt8]) throws(CryptoError) -> [UInt8]? {
        let head = 1 + SecretBox.nonceCount
        guard
            box.count >= head + SecretBox.tagCount, box.first == SecretBox.form,
            box.count <= head + SecretBox.textLimit + SecretBox.tagCount
        else { return nil }
        let tag = Array(box.suffix(SecretBox.tagCount))
        let sealed = Array(box[head..<(box.count - SecretBox.tagCount)])
        var text = [UInt8](repeating: 0, count: sealed.count)
        guard let cipher = Cipher(.decrypting, key.memory, Array(box[1..<head])) else {
            throw SecretBox.failure
        }
        guard cipher.authenticate(context), cipher.transform(sealed, into: &text) else {
            throw SecretBox.failure
        }
        guard cipher.expectTag(tag), cipher.finish() else { return nil }
        return text
    }

    private static let failure = CryptoError(.box, "OpenSSL cannot encrypt")
}

extension SecretBox: CustomStringConvertible, CustomReflectable {
    package var description: String { "SecretBox" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A key in memory of its own.
///
/// Sendable because nobody writes it any more once it is derived; it is only lent for reading.
private final class BoxKey: @unchecked Sendable {
    let memory: SecretMemory

    init(_ memory: consuming SecretMemory) {
        self.memory = memory
    }
}

/// HKDF with SHA-256 and without a salt (RFC 5869), for one block of output.
private enum HKDF {
    static func key(
        from pepper: borrowing Pepper,
        for purpose: [UInt8]
    ) throws(CryptoError) -> SecretMemory {
        let pseudorandom = try SecretMemory(count: 32)
        let key = try SecretMemory(count: 32)
        let salt = [UInt8](repeating: 0, count: 32)
        let block = purpose + [1]
        let isExtracted = pepper.bytes.withUnsafeBytes { bytes in
            salt.withUnsafeBytes { authenticate(bytes, under: $0, into: pseudorandom.base) }
        }
        let isExpanded = block.withUnsafeBytes { bytes in
            authenticate(
                bytes,
                under: UnsafeRawBufferPointer(start: pseudorandom.base, count: 32),
                into: key.base
            )
        }
        guard isExtracted, isExpanded else { throw CryptoError(.box, "no key can be derived") }
        return key
    }

    /// HMAC-SHA256 of some bytes.
    private static func authenticate(
        _ bytes: UnsafeRawBufferPointer,
        under key: UnsafeRawBufferPointer,
        into digest: UnsafeMutableRawPointer
    ) -> Bool {
        HMAC(
            EVP_sha256(),
            key.baseAddress,
            Int32(key.count),
            bytes.baseAddress?.assumingMemoryBound(to: UInt8.self),
            bytes.count,
            digest.assumingMemoryBound(to: UInt8.self),
            nil
        ) != nil
    }
}

/// One run of AES-256-GCM.
private struct Cipher: ~Copyable {
    enum Direction: Int32 {
        case decrypting = 0
        case encrypting = 1
    }

    private let context: OpaquePointer

    /// Begins; nil when OpenSSL has no memory.
    init?(_ direction: Direction, _ key: borrowing SecretMemory, _ nonce: [UInt8]) {
        guard let context = EVP_CIPHER_CTX_new() else { return nil }
        let isReady = EVP_CipherInit_ex(
            context,
            EVP_aes_256_gcm(),
            nil,
            key.base.assumingMemoryBound(to: UInt8.self),
            nonce,
            direction.rawValue
        )
        guard isReady == 1 else {
            EVP_CIPHER_CTX_free(context)
            return nil
        }
        self.context = context
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
    }

    /// Takes in what is authenticated but not encrypted.
    func authenticate(_ bytes: [UInt8]) -> Bool {
        var count: Int32 = 0
        return EVP_CipherUpdate(context, nil, &count, bytes, Int32(clamping: bytes.count)) == 1
    }

    /// Encrypts or decrypts as many bytes.
    func transform(_ input: [UInt8], into output: inout [UInt8]) -> Bool {
        var count: Int32 = 0
        return EVP_CipherUpdate(context, &output, &count, input, Int32(clamping: input.count)) == 1
            && Int(count) == input.count
    }

    /// Ends; false when a tag was expected and is another.
    func finish() -> Bool {
        var count: Int32 = 0
        var rest = [UInt8](repeating: 0, count: 16)
        return EVP_CipherFinal_ex(context, &rest, &count) == 1
    }

    func readTag(into tag: inout [UInt8]) -> Bool {
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), &tag) == 1
    }

    func expectTag(_ tag: [UInt8]) -> Bool {
        var tag = tag
        return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1
    }
}
