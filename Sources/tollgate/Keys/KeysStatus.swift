internal import ArgumentParser

/// `tollgate keys enable`.
struct KeysEnable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Let a disabled key work again."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var key: KeyArgument

    func run() async throws {
        try await connection.move(key, .post, "/enable")
    }
}

/// `tollgate keys disable`.
struct KeysDisable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Stop a key until it is enabled again."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var key: KeyArgument

    func run() async throws {
        try await connection.move(key, .post, "/disable")
    }
}

/// `tollgate keys revoke`.
struct KeysRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Stop a key for good."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var key: KeyArgument

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        try Terminal.confirm("Revoke \(key.id) for good", isConfirmed: yes)
        try await connection.move(key, .post, "/revoke")
    }
}

/// `tollgate keys delete`.
struct KeysDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Revoke a key for good; its record and its audit log stay."
    )

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var key: KeyArgument

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
        try Terminal.confirm("Delete \(key.id) for good", isConfirmed: yes)
        try await connection.move(key, .delete, "")
    }
}

extension ConnectionOptions {
    /// Gives a key another status and shows what became of it.
    fileprivate func move(
        _ key: KeyArgument,
        _ method: APIClient.Method,
        _ suffix: String
    ) async throws {
        let document = try await withClient { client in
            try await client.call(method, key.path(suffix))
        }
        try output.show(document, table: KeyTable.outcome)
    }
}
