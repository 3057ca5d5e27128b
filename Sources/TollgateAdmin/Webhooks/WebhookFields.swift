internal import TollgateCore
internal import TollgateEngine

/// Reads what a caller wants a webhook to be: the body of a creation or of a PATCH, which merges.
enum WebhookFields {
    /// The events that can be asked for.
    static let names = WebhookEvent.subscribable.map(\.rawValue)

    /// What is wrong with a secret that is none.
    static let secretProblem = "must be 1 to 1024 visible characters of ASCII"

    /// The fields of a document.
    ///
    /// - Throws: a 400 with the path of the first field that cannot be.
    static func changes(in document: JSONValue) throws(APIError) -> WebhookChanges {
        var reader = try ObjectReader(document)
        var changes = WebhookChanges()
        changes.url = try reader.filled("url", try reader.text("url"))
        if let words = try reader.texts("events").or([]) {
            changes.events = try events(words, at: reader.path(of: "events"))
        }
        changes.isEnabled = try reader.flag("enabled").or(true)
        changes.description = try reader.text("description").or("")
        changes.organization = try reader.text("organization_id").orNull
        changes.team = try reader.text("team_id").orNull
        changes.secret = try reader.text("secret").orNull
        try reader.finish()
        return changes
    }

    /// Refuses a URL to which nothing can be sent, or that tells a password.
    ///
    /// - Throws: a 400 with the path.
    static func check(url: String, at path: FieldPath) throws(APIError) {
        do {
            _ = try WebAddress(url, at: path.description, allowsQuery: true)
        } catch {
            throw APIError(error)
        }
    }

    private static func events(
        _ words: [String],
        at path: FieldPath
    ) throws(APIError) -> [WebhookEvent] {
        var events: [WebhookEvent] = []
        for (index, word) in words.enumerated() {
            guard let event = WebhookEvent(rawValue: word), event != .test else {
                throw .invalidField(path.element(index), "is none that there is")
            }
            events.append(event)
        }
        return events
    }
}
