internal import TollgateCore
package import TollgateCrypto

/// What deliveries are signed with, as Standard Webhooks 1.0 has it
/// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
///
/// A secret is written as `whsec_` and base64 of 24 to 64 bytes; a text of any other form stands for
/// its own bytes.
package struct WebhookSecret: Sendable {
    private static let prefix = "whsec_"
    /// The shortest and the longest text.
    package static let lengths = 16...1024
    private static let entropy = 24...64

    private let key: [UInt8]

    /// The secret that a text stands for; nil when it can be none.
    package init?(_ text: String) {
        let visible = UInt8(ascii: "!")...UInt8(ascii: "~")
        guard
            text.utf8.allSatisfy(visible.contains), !text.isEmpty,
            text.utf8.count <= WebhookSecret.lengths.upperBound
        else { return nil }
        key = WebhookSecret.decoded(text) ?? Array(text.utf8)
    }

    /// Whether a text is long enough, and keeps to the form that it begins with.
    static func isSound(_ text: String) -> Bool {
        lengths.contains(text.utf8.count) && WebhookSecret(text) != nil
            && (!text.hasPrefix(prefix) || decoded(text) != nil)
    }

    /// The bytes of a secret of the usual form; nil when it is of another.
    private static func decoded(_ text: String) -> [UInt8]? {
        guard
            text.hasPrefix(prefix), let key = Base64.bytes(of: text.dropFirst(prefix.count)),
            entropy.contains(key.count)
        else { return nil }
        return key
    }

    /// A new secret, as a text that nobody can guess.
    package static func issue() throws(CryptoError) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        var span = bytes.mutableSpan
        try SecureRandom.fill(&span)
        return prefix + Base64.text(of: bytes)
    }

    /// What the header `webhook-signature` says of a delivery.
    ///
    /// - Parameters:
    ///   - id: what `webhook-id` says.
    ///   - timestamp: what `webhook-timestamp` says, in seconds since 1970.
    ///   - body: the body.
    /// - Returns: `v1,` and the base64 of the HMAC.
    /// - Throws: when OpenSSL has no memory.
    package func signature(
        id: String,
        timestamp: Int64,
        body: [UInt8]
    ) throws(CryptoError) -> String {
        let message = Array("\(id).\(timestamp).".utf8) + body
        return "v1," + Base64.text(of: try MessageAuthentication.code(of: message, under: key))
    }
}

extension WebhookSecret: CustomStringConvertible, CustomReflectable {
    package var description: String { "WebhookSecret" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Keeps the secrets of webhooks, for those who hold the pepper.
package struct WebhookSecretBox: Sendable {
    private let box: SecretBox

    package init(_ box: SecretBox) {
        self.box = box
    }

    /// Encrypts the text of a secret for one destination.
    package func seal(
        _ text: String,
        for destination: String
    ) throws(CryptoError) -> [UInt8] {
        try box.seal(Array(text.utf8), context: WebhookSecretBox.context(destination))
    }

    /// The secret of a destination; nil when it was sealed under another pepper or for another.
    package func secret(
        in sealed: [UInt8],
        for destination: String
    ) throws(CryptoError) -> WebhookSecret? {
        try box.open(sealed, context: WebhookSecretBox.context(destination)).flatMap {
            WebhookSecret(String(decoding: $0, as: UTF8.self))
        }
    }

    private static func context(_ destination: String) -> [UInt8] {
        Array("webhook \(destination)".utf8)
    }
}
