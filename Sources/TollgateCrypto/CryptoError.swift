/// A secret that cannot be made, read or kept.
package struct CryptoError: Error, Sendable {
    /// What kind of trouble it is; stable.
    package enum Code: String, Sendable {
        /// The system gives no random numbers.
        case generator
        /// The system gives no memory for secrets.
        case memory
        /// The pepper cannot be used or kept.
        case pepper
        /// Something cannot be encrypted.
        case box
    }

    package let code: Code
    /// For the log; it names files and numbers, never a secret.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension CryptoError: CustomStringConvertible {
    package var description: String { "crypto \(code.rawValue): \(message)" }
}
