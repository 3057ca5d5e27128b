internal import ArgumentParser
internal import Foundation
internal import TollgateAdmin

/// What a key is to be: options named after the fields of the API.
struct KeyOptions: ParsableArguments {
    @Option(help: "What people call the key.")
    var name: String?

    @Option(help: "What the key is for.")
    var description: String?

    @Option(help: "The part of the secret's prefix that tells live from test keys.")
    var environment: String?

    @Option(help: "A name by which keys are found together.")
    var group: String?

    @Option(help: "enabled or disabled.")
    var status: String?

    @Option(help: "When the key ends: 2030-01-31T12:00:00Z.")
    var expiresAt: String?

    @Option(help: "How long the key lives: 90s, 15m, 24h or 30d.")
    var expiresIn: TimeSpan?

    @Option(help: "A model that may be used; * stands for anything; may be repeated.")
    var allowedModels: [String] = []

    @Option(help: "A model that may not be used.")
    var deniedModels: [String] = []

    @Option(help: "A provider that may be used.")
    var allowedProviders: [String] = []

    @Option(help: "A provider that may not be used.")
    var deniedProviders: [String] = []

    @Option(help: "A supplier that may be used.")
    var allowedSuppliers: [String] = []

    @Option(help: "A supplier that may not be used.")
    var deniedSuppliers: [String] = []

    @Option(help: "A region that may be used.")
    var allowedRegions: [String] = []

    @Option(help: "A region that may not be used.")
    var deniedRegions: [String] = []

    @Option(help: "An action that may be performed.")
    var allowedActions: [String] = []

    @Option(help: "An action that may not be performed.")
    var deniedActions: [String] = []

    @Option(
        name: .customLong("allowed-ips"),
        help: "An address or a network that the key may be used from; may be repeated."
    )
    var allowedIPs: [String] = []

    @Option(name: .customLong("permission"), help: "manage_keys, view_all_usage, manage_billing.")
    var permissions: [String] = []

    @Option(help: "A name and a value to keep with the key: team=search.")
    var metadata: [String] = []

    @Option(help: "A file with the fields as JSON, - for standard input; other options win.")
    var json: String?

    /// The fields as the API takes them.
    func document() throws(CommandFailure) -> JSONValue {
        var fields = try readFile()
        func set(_ name: String, _ value: JSONValue?) {
            guard let value else { return }
            fields.removeAll { $0.name == name }
            fields.append(JSONValue.Member(name, value))
        }
        func set(_ name: String, _ texts: [String]) {
            set(name, texts.isEmpty ? nil : JSONValue(KeyOptions.split(texts)))
        }
        set("name", name.map { .string($0) })
        set("description", description.map { .string($0) })
        set("environment", environment.map { .string($0) })
        set("group", group.map { .string($0) })
        set("status", status.map { .string($0) })
        set("expires_at", expiresAt.map { .string($0) })
        set("expires_in", expiresIn.map { .integer($0.seconds) })
        set("allowed_models", allowedModels)
        set("denied_models", deniedModels)
        set("allowed_providers", allowedProviders)
        set("denied_providers", deniedProviders)
        set("allowed_suppliers", allowedSuppliers)
        set("denied_suppliers", deniedSuppliers)
        set("allowed_regions", allowedRegions)
        set("denied_regions", deniedRegions)
        set("allowed_actions", allowedActions)
        set("denied_actions", deniedActions)
        if !allowedIPs.isEmpty {
            let addresses = JSONValue(KeyOptions.split(allowedIPs))
            set("ip_allowlist", ["enabled": true, "addresses": addresses])
        }
        if !permissions.isEmpty {
            let names = KeyOptions.split(permissions)
            set("permissions", .object(names.map { JSONValue.Member($0, true) }))
        }
        if !metadata.isEmpty { set("metadata", try pairs()) }
        return .object(fields)
    }

    private func readFile() throws(CommandFailure) -> [JSONValue.Member] {
        guard let json else { return [] }
        let bytes: [UInt8]
        do {
            let file = json == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: json)
            guard let data = try file?.readToEnd() else {
                throw CommandFailure.failed("\(json) cannot be read, or is empty")
            }
            bytes = Array(data)
        } catch {
            throw .failed("\(json) cannot be read, or is empty")
        }
        do {
            let value = try JSONParser.value(of: bytes)
            guard case .object(let members) = value else {
                throw CommandFailure.failed("\(json) holds \(value.kind), not an object")
            }
            return members
        } catch let problem as JSONProblem {
            throw .failed("\(json):\(problem.line):\(problem.column): \(problem.message)")
        } catch {
            throw .failed("\(json) does not hold an object")
        }
    }

    private func pairs() throws(CommandFailure) -> JSONValue {
        var members: [JSONValue.Member] = []
        for pair in metadata {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw .usage("--metadata takes name=value")
            }
            members.append(JSONValue.Member(String(parts[0]), .string(String(parts[1]))))
        }
        return .object(members)
    }

    /// The texts, taken apart at commas: `a,b` is as good as saying the option twice.
    private static func split(_ texts: [String]) -> [String] {
        texts.flatMap { $0.split(separator: ",").map(String.init) }
    }
}
