/// A listener, a certificate or an address that cannot be used.
///
/// Only starting and reloading throw: what a peer does wrong is answered on its connection and
/// counted in `TransportStatistics`.
package struct TransportError: Error, Sendable {
    /// What kind of trouble it is; stable.
    package enum Code: String, Sendable {
        /// The text names no address to listen on.
        case address
        /// The address cannot be listened on.
        case bind
        /// A certificate, key or authority cannot be used.
        case tls
        /// A number of the configuration lies outside of its range.
        case configuration
        /// The server was started already, or is stopped.
        case state
    }

    package let code: Code
    /// For the log; it names files and addresses, never a secret.
    package let message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }
}

extension TransportError: CustomStringConvertible {
    package var description: String { "transport \(code.rawValue): \(message)" }
}
