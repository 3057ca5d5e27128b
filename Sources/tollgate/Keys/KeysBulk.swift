internal import ArgumentParser
internal import Foundation
internal import TollgateAdmin

/// `tollgate keys bulk`.
struct KeysBulk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bulk",
        abstract: "Do the same with many keys.",
        discussion: """
            With '-' as the only id, ids are read from standard input, one in a line. What was done to \
            some keys is not taken back when others fail; the exit code is then 1. What became of keys \
            whose answer was lost on its way is unknown, and said so; those behind them are untouched. \
            No key may be named twice. Of a rotation the answer has the new secrets, which are shown \
            this once.
            """
    )

    /// What can be done.
    enum Action: String, CaseIterable, ExpressibleByArgument {
        case enable
        case disable
        case revoke
        case delete
        case rotate

        /// What would happen, as a question without its mark.
        func question(_ count: Int) -> String {
            let verb = rawValue.prefix(1).uppercased() + rawValue.dropFirst()
            let isFinal = self == .revoke || self == .delete
            return "\(verb) \(count == 1 ? "1 key" : "\(count) keys")"
                + (isFinal ? " for good" : "")
        }
    }

    /// How many keys are sent at once.
    private static let batch = 500

    @OptionGroup var connection: ConnectionOptions

    @Argument(help: "enable, disable, revoke, delete or rotate.")
    var action: Action

    @Argument(help: "The ids of the keys.")
    var ids: [String]

    @Option(
        help: "For rotate: how long old secrets go on working: 90s, 24h (the default), or none."
    )
    var grace: KeysRotate.Grace?

    @Flag(help: "Do not ask.")
    var yes = false

    func validate() throws {
        guard grace == nil || action == .rotate else {
            throw ValidationError("--grace goes with rotate only")
        }
    }

    func run() async throws {
        let ids = ids == ["-"] ? KeysBulk.idsFromInput() : ids
        guard !ids.isEmpty else { throw CommandFailure.usage("no ids were given") }
        // The server looks at those of one call only: a key would be rotated once in each.
        guard Set(ids).count == ids.count else {
            throw CommandFailure.usage("a key is named twice")
        }
        try Terminal.confirm(action.question(ids.count), isConfirmed: yes)
        var answer = BulkAnswer()
        let batches = Batches(name: action.rawValue, size: KeysBulk.batch)
        let stop = try await connection.withClient { client in
            await batches.send(ids) { batch in
                let body = body(Array(batch))
                let part = try await client.call(.post, "/v1/keys/bulk", body: body)
                answer.add(part, behind: batch.startIndex)
            }
        }
        answer.end(at: stop, of: ids.map { .string($0) })
        if answer.hasSecrets, connection.output == .table {
            Terminal.complain("keep the api_keys now: they cannot be shown again")
        }
        try answer.show(connection.output)
    }

    /// What is sent.
    private func body(_ ids: [String]) -> JSONValue {
        let grace = grace.map { [JSONValue.Member("grace", .string("\($0.seconds)s"))] } ?? []
        return .object(
            [
                JSONValue.Member("action", .string(action.rawValue)),
                JSONValue.Member("ids", JSONValue(ids)),
            ] + grace
        )
    }

    private static func idsFromInput() -> [String] {
        var ids: [String] = []
        while let line = readLine() {
            let id = line.trimmingCharacters(in: .whitespaces)
            if !id.isEmpty { ids.append(id) }
        }
        return ids
    }
}
