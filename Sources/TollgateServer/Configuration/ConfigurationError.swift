/// A setting that cannot be: what the operator has to mend before the server can start.
package struct ConfigurationError: Error, CustomStringConvertible, Sendable {
    /// One line, naming the setting and where it came from, never a secret's value.
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
