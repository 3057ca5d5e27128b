package import TollgateCore

/// What is to be different about a webhook; what is nil stays as it is.
package struct WebhookChanges: Sendable {
    package var url: String?
    package var events: [WebhookEvent]?
    package var isEnabled: Bool?
    package var description: String?
    /// `.some(nil)` for all organisations.
    package var organization: String??
    /// `.some(nil)` for all teams.
    package var team: String??
    /// In clear text, on its way to being encrypted; `.some(nil)` for a new one.
    package var secret: String??

    package init() {}

    /// The names of the fields that are said, as the API has them.
    var fields: [String] {
        let said: [(String, Bool)] = [
            ("url", url != nil), ("events", events != nil), ("enabled", isEnabled != nil),
            ("description", description != nil), ("organization_id", organization != nil),
            ("team_id", team != nil), ("secret", secret != nil),
        ]
        return said.filter(\.1).map(\.0)
    }

    /// Makes the changes, all but that of the secret.
    ///
    /// - Throws: `.invalid` with the first field that cannot be, or names no group.
    func apply(
        to record: inout WebhookRecord,
        _ membership: GroupMembership
    ) throws(RegistryError) {
        if let url {
            _ = try WebAddress(url, at: "url", allowsQuery: true)
            record.url = url
        }
        if let events { record.events = events.uniqued }
        if let isEnabled {
            record.isEnabled = isEnabled
            record.isGone = false
        }
        if let description {
            try DescriptionBounds.check(description: description)
            record.description = description
        }
        if organization != nil || team != nil {
            let place = try membership.completing(
                GroupMembership.Place(
                    organization: organization ?? record.organization,
                    team: team ?? record.team
                )
            )
            record.organization = place.organization
            record.team = place.team
        }
    }
}

extension [WebhookEvent] {
    /// The same without repetitions.
    fileprivate var uniqued: [WebhookEvent] {
        WebhookEvent.allCases.filter(contains)
    }
}
