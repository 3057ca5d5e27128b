internal import TollgateAdmin
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateStore

/// How far the audit trail had come, signed: one line of a file or a log.
///
/// Kept where nobody who can change the store can change it, it proves that nothing from before was
/// changed or removed since.
struct SignedCheckpoint {
    let checkpoint: AuditCheckpoint
    let time: String
    let publicKey: [UInt8]
    let signature: [UInt8]

    /// Signs a checkpoint.
    init(_ checkpoint: AuditCheckpoint, at time: WallTime, by key: SigningKey) throws(CryptoError) {
        self.checkpoint = checkpoint
        self.time = Timestamp.text(time)
        publicKey = key.publicKey
        signature = try key.sign(SignedCheckpoint.signedBytes(checkpoint, self.time))
    }

    /// Reads a line, also as log daemons write it, with something in front; nil when it is none.
    init?(_ line: some Collection<UInt8>) {
        guard
            let document = try? JSONParser.value(of: Array(line.drop { $0 != UInt8(ascii: "{") })),
            case .string(let time)? = document["time"],
            case .integer(let position)? = document["position"], position >= 0,
            case .integer(let sealed)? = document["sealed"], sealed >= 0,
            case .string(let hash)? = document["hash"],
            let publicKey = SignedCheckpoint.bytes(document["public_key"]),
            let signature = SignedCheckpoint.bytes(document["signature"])
        else { return nil }
        checkpoint = AuditCheckpoint(
            sealed: UInt64(sealed),
            hash: hash,
            position: UInt64(position)
        )
        self.time = time
        self.publicKey = publicKey
        self.signature = signature
    }

    /// Whether the signature is that of the key beside it.
    var isGenuine: Bool {
        SigningKey.isValid(
            signature,
            of: SignedCheckpoint.signedBytes(checkpoint, time),
            by: publicKey
        )
    }

    /// The line, with its line break.
    var line: String {
        let document: JSONValue = [
            "time": .string(time), "position": JSONValue(checkpoint.position),
            "sealed": JSONValue(checkpoint.sealed), "hash": .string(checkpoint.hash),
            "public_key": .string(SignedCheckpoint.digits(publicKey)),
            "signature": .string(SignedCheckpoint.digits(signature)),
        ]
        return document.text() + "\n"
    }

    private static func signedBytes(_ checkpoint: AuditCheckpoint, _ time: String) -> [UInt8] {
        let lines = [
            "tollgate checkpoint 1", time, "\(checkpoint.position)", "\(checkpoint.sealed)",
            checkpoint.hash,
        ]
        return Array(lines.joined(separator: "\n").utf8)
    }

    /// Bytes as hexadecimal digits.
    static func digits(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    /// The bytes that hexadecimal digits stand for.
    static func bytes(digits text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2), !digits.contains(nil) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { place in
            UInt8(truncatingIfNeeded: (digits[place] ?? 0) << 4 | (digits[place + 1] ?? 0))
        }
    }

    private static func bytes(_ value: JSONValue?) -> [UInt8]? {
        guard case .string(let text)? = value else { return nil }
        return bytes(digits: text)
    }
}
