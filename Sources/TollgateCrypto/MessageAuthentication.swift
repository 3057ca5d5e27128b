internal import COpenSSL

/// HMAC-SHA256 (RFC 2104) of whole messages, under keys of any length.
package enum MessageAuthentication {
    /// The most bytes of a key.
    package static let keyLimit = 1 << 12

    /// The 32 bytes that only who has the key can make of the message.
    ///
    /// - Throws: when the key is too long, or OpenSSL has no memory.
    package static func code(of message: [UInt8], under key: [UInt8]) throws(CryptoError) -> [UInt8]
    {
        guard key.count <= keyLimit else {
            throw CryptoError(.memory, "a key of \(key.count) bytes is too long")
        }
        var code = [UInt8](repeating: 0, count: 32)
        var count = UInt32(code.count)
        let result = HMAC(
            EVP_sha256(),
            key,
            Int32(key.count),
            message,
            message.count,
            &code,
            &count
        )
        guard result != nil, count == 32 else {
            throw CryptoError(.memory, "no memory for a message's code")
        }
        return code
    }
}
