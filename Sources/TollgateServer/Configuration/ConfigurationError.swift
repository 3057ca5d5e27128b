/// A setting that cannot be: what the operator has to mend before the server can start.
package struct ConfigurationError: Error, CustomStringConvertible, Sendable {
    /// One line, naming the setting and where it came from, never a secret's value.
    package let description: String

    /// The name of the setting that is at fault, when it is one of them.
    let setting: String?

    init(_ description: String, setting: String? = nil) {
        self.description = description
        self.setting = setting
    }
}
