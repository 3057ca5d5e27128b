/// Why the server could not start, or stopped.
package struct ServerError: Error, CustomStringConvertible, Sendable {
    /// One line for the operator; it never holds a secret.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
