internal import TollgateCore

/// How long the texts are that describe keys and groups, and what may be in them.
enum DescriptionBounds {
    private static let nameLimit = 200
    private static let descriptionLimit = 2000
    private static let metadataCountLimit = 64
    private static let metadataKeyLimit = 64
    private static let metadataValueLimit = 512

    static func check(name: String) throws(RegistryError) {
        guard !name.isEmpty else { throw .invalid(field: "name", "must not be empty") }
        try checkText(name, nameLimit, "name")
    }

    static func check(description: String) throws(RegistryError) {
        try checkLength(description, descriptionLimit, "description")
    }

    static func check(metadata: [String: String]) throws(RegistryError) {
        guard metadata.count <= metadataCountLimit else {
            throw .invalid(field: "metadata", "must have at most \(metadataCountLimit) entries")
        }
        for (key, value) in metadata {
            try checkText(key, metadataKeyLimit, "metadata")
            try checkLength(value, metadataValueLimit, "metadata.\(key)")
        }
    }

    /// Refuses a text that is too long or has control characters.
    static func checkText(
        _ text: String,
        _ limit: Int,
        _ field: String
    ) throws(RegistryError) {
        try checkLength(text, limit, field)
        let bytes = Array(text.utf8)
        guard Text.isValid(bytes.span) else {
            throw .invalid(field: field, "must not contain control characters")
        }
    }

    private static func checkLength(
        _ text: String,
        _ limit: Int,
        _ field: String
    ) throws(RegistryError) {
        guard text.utf8.count <= limit else {
            throw .invalid(field: field, "must have at most \(limit) bytes")
        }
        guard !text.utf8.contains(0) else {
            throw .invalid(field: field, "must not contain NUL")
        }
    }
}
