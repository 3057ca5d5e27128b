internal import ArgumentParser
internal import TollgateAdmin

/// `tollgate keys`: everything that is done with keys.
struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create keys, look at them, and switch them on and off.",
        subcommands: [
            KeysCreate.self, KeysList.self, KeysGet.self, KeysUpdate.self, KeysEnable.self,
            KeysDisable.self, KeysRevoke.self, KeysDelete.self, KeysRotate.self, KeysTemporary.self,
            KeysImport.self, KeysBulk.self, KeysSimulate.self,
        ]
    )
}

/// Keys as people read them.
enum KeyTable {
    /// A line for each key of a list.
    static func list(_ document: JSONValue) -> [String] {
        var table = Table(["ID", "NAME", "STATUS", "KEY", "GROUP", "EXPIRES", "LAST USED"])
        for key in document["keys"]?.elements ?? [] {
            table.add([
                key.cell("id"), key.cell("name"), key.cell("status"), key.cell("masked_key"),
                key.cell("group"), key.cell("expires_at"), key.cell("last_used_at"),
            ])
        }
        return table.lines()
    }

    /// A line for each field of a key that says something.
    static func details(_ key: JSONValue) -> [String] {
        var table = Table(["FIELD", "VALUE"])
        for member in key.members { add(member.name, member.value, to: &table) }
        return table.lines(withHeadings: false)
    }

    /// Adds a value under its name; of objects within an object each has a line of its own.
    private static func add(_ name: String, _ value: JSONValue, to table: inout Table) {
        if value.members.contains(where: { !$0.value.members.isEmpty }) {
            for member in value.members { add("\(name).\(member.name)", member.value, to: &table) }
        } else if !value.cell.isEmpty {
            table.add([name, value.cell])
        }
    }

    /// What became of a key.
    static func outcome(_ key: JSONValue) -> [String] {
        [Terminal.printable("\(key.cell("id")) (\(key.cell("name"))) is \(key.cell("status"))")]
    }
}

/// The key that a command is about.
struct KeyArgument: ParsableArguments {
    @Argument(help: "The id of the key: key_….")
    var id: String

    /// The path of the key, with something behind it.
    func path(_ suffix: String = "") -> String {
        "/v1/keys/\(ServerAddress.escaped(id))\(suffix)"
    }
}
