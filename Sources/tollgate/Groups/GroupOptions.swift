internal import ArgumentParser
internal import TollgateAdmin

/// What an organisation, a team or a user is to be: options named after the fields of the API.
struct GroupOptions: ParsableArguments {
    @Option(help: "What people call it.")
    var name: String?

    @Option(help: "What it is for.")
    var description: String?

    @Option(help: "enabled or disabled.")
    var status: String?

    @Option(name: .customLong("org"), help: "The organization of a team or a user; for good.")
    var organization: String?

    @Option(help: "The team of a user; none for no team.")
    var team: String?

    @Option(help: "A name and a value to keep with it: plan=gold.")
    var metadata: [String] = []

    @Option(help: "A file with the fields as JSON, - for standard input; other options win.")
    var json: String?

    @OptionGroup(title: "Limits") var limits: LimitOptions

    /// The fields as the API takes them.
    func document() throws(CommandFailure) -> JSONValue {
        var fields = try json.map(JSONFile.members) ?? []
        for block in try limits.blocks() { fields.merge(block) }
        let texts = [
            ("name", name), ("description", description), ("status", status),
            ("organization_id", organization),
        ]
        for (name, text) in texts {
            if let text { fields.merge(JSONValue.Member(name, .string(text))) }
        }
        if let team {
            fields.merge(JSONValue.Member("team_id", team == "none" ? .null : .string(team)))
        }
        if !metadata.isEmpty {
            fields.merge(JSONValue.Member("metadata", try MetadataPairs.json(metadata)))
        }
        return .object(fields)
    }
}

/// Pairs of a name and a value as people write them: `team=search`.
enum MetadataPairs {
    static func json(_ pairs: [String]) throws(CommandFailure) -> JSONValue {
        var members: [JSONValue.Member] = []
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw .usage("--metadata takes name=value")
            }
            members.append(JSONValue.Member(String(parts[0]), .string(String(parts[1]))))
        }
        return .object(members)
    }
}
