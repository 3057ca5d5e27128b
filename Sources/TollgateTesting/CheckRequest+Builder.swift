package import TollgateCore

extension CheckRequest {
    /// Sets a field's text from a string.
    package mutating func set(_ field: Field, to text: String) throws(Problem) {
        let bytes = Array(text.utf8)
        try set(field, to: bytes.span)
    }

    /// Presents a secret that is written as a string.
    package mutating func present(_ secret: String) {
        let bytes = Array(secret.utf8)
        present(bytes.span)
    }

    /// Adds a pair of metadata that is written as strings.
    package mutating func addMetadata(_ key: String, _ value: String) throws(Problem) {
        let keyBytes = Array(key.utf8)
        let valueBytes = Array(value.utf8)
        try addMetadata(keyBytes.span, valueBytes.span)
    }

    /// The text of a field as a string.
    package func string(_ field: Field) -> String {
        self[field].withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
