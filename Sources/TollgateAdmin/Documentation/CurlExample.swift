internal import HTTPTypes

/// A command that tries an operation, to be copied.
///
/// The key is that of the environment: an example on a page must not teach anyone to write one down.
enum CurlExample {
    /// The command for one operation.
    static func text(for entry: OperationDescription) -> String {
        let path = entry.operation.path.replacing("{id}", with: "$ID")
        var lines = ["curl -X \(entry.operation.method.rawValue) \"$TOLLGATE_URL\(path)\""]
        if entry.operation.keyRequirement != nil {
            lines.append("  -H \"authorization: Bearer $TOLLGATE_ADMIN_KEY\"")
        }
        if let example = entry.shape.example {
            lines.append("  -H 'content-type: application/json'")
            lines.append("  -d '\(example.text())'")
        }
        return lines.joined(separator: " \\\n")
    }
}
