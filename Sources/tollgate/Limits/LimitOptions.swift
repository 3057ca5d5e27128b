internal import ArgumentParser
internal import TollgateAdmin

/// What a key, a user, a team or an organisation may use: options for the limits of the API.
struct LimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Requests a second, or none.", valueName: "count"))
    var rps: CountLimit?

    @Option(help: ArgumentHelp("Requests a minute, or none.", valueName: "count"))
    var rpm: CountLimit?

    @Option(help: ArgumentHelp("Requests an hour, or none.", valueName: "count"))
    var rph: CountLimit?

    @Option(help: ArgumentHelp("Requests a day, or none.", valueName: "count"))
    var rpd: CountLimit?

    @Option(help: ArgumentHelp("Requests at once, for --rps and --rpm.", valueName: "count"))
    var burst: CountLimit?

    @Option(help: ArgumentHelp("Tokens a minute, or none.", valueName: "count"))
    var tpm: CountLimit?

    @Option(help: ArgumentHelp("Requests under way at once, or none.", valueName: "count"))
    var concurrent: CountLimit?

    @Flag(
        inversion: .prefixedNo,
        help: "Whether no second or minute ever sees more than its limit."
    )
    var strict: Bool?

    @Option(help: ArgumentHelp("USD a day, or none.", valueName: "usd"))
    var budgetDaily: MoneyLimit?

    @Option(help: ArgumentHelp("USD a week, or none.", valueName: "usd"))
    var budgetWeekly: MoneyLimit?

    @Option(help: ArgumentHelp("USD a month, or none.", valueName: "usd"))
    var budgetMonthly: MoneyLimit?

    @Option(help: ArgumentHelp("USD for good, or none.", valueName: "usd"))
    var budgetTotal: MoneyLimit?

    @Option(help: "The zone of days, weeks and months: Europe/Berlin.")
    var timezone: String?

    @Option(help: ArgumentHelp("Tokens a day, or none.", valueName: "count"))
    var tokensDaily: CountLimit?

    @Option(help: ArgumentHelp("Tokens a month, or none.", valueName: "count"))
    var tokensMonthly: CountLimit?

    @Option(help: ArgumentHelp("Tokens for good, or none.", valueName: "count"))
    var tokensTotal: CountLimit?

    @Option(help: ArgumentHelp("Tokens of one request, or none.", valueName: "count"))
    var tokensPerRequest: CountLimit?

    @Option(help: ArgumentHelp("Requests for good, or none.", valueName: "count"))
    var requestsTotal: CountLimit?

    @Option(help: "A file with blocks of limits as JSON, - for standard input; options win.")
    var limitsFile: String?

    /// The blocks of the API, with what was said in the file and by options.
    func blocks() throws(CommandFailure) -> [JSONValue.Member] {
        var blocks = try limitsFile.map(JSONFile.members) ?? []
        for (name, limits) in options {
            let members = limits.compactMap { name, value in
                value.map { JSONValue.Member(name, $0) }
            }
            if !members.isEmpty { blocks.merge(JSONValue.Member(name, .object(members))) }
        }
        return blocks
    }

    private var options: [(String, [(String, JSONValue?)])] {
        [
            (
                "rate_limits",
                [
                    ("per_second", rps?.json), ("per_minute", rpm?.json), ("per_hour", rph?.json),
                    ("per_day", rpd?.json), ("burst", burst?.json),
                    ("tokens_per_minute", tpm?.json), ("concurrent", concurrent?.json),
                    ("strict", strict.map { .bool($0) }),
                ]
            ),
            (
                "budget_limits",
                [
                    ("daily", budgetDaily?.json), ("weekly", budgetWeekly?.json),
                    ("monthly", budgetMonthly?.json), ("total", budgetTotal?.json),
                    ("timezone", timezone.map { .string($0) }),
                ]
            ),
            (
                "token_limits",
                [
                    ("daily", tokensDaily?.json), ("monthly", tokensMonthly?.json),
                    ("total", tokensTotal?.json), ("per_request_max", tokensPerRequest?.json),
                ]
            ),
            ("request_limits", [("total", requestsTotal?.json)]),
        ]
    }
}

extension [JSONValue.Member] {
    /// Puts a member in the place of the one of its name; of two objects, member by member.
    mutating func merge(_ member: JSONValue.Member) {
        guard let place = firstIndex(where: { $0.name == member.name }) else {
            append(member)
            return
        }
        guard
            case .object(var members) = self[place].value, case .object(let more) = member.value
        else {
            self[place] = member
            return
        }
        for member in more { members.merge(member) }
        self[place] = JSONValue.Member(member.name, .object(members))
    }
}
