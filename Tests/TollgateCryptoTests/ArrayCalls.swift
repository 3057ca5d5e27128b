internal import TollgateCore
internal import TollgateCrypto

// Spans cannot stand inside `#expect`, so the tests pass arrays.

extension SecretDigester {
    func digest(_ secret: [UInt8]) -> KeyDigest {
        digest(of: secret.span)
    }
}

extension Pepper {
    init(_ bytes: [UInt8]) throws(CryptoError) {
        try self.init(bytes: bytes.span)
    }
}
