internal import ArgumentParser
internal import Foundation
internal import Testing
internal import TollgateAdmin

@testable internal import tollgate

@Suite("The command line")
struct CommandLineTests {
    @Test("Options of a key become the fields of the API, lists taken apart at commas")
    func fields() throws {
        let options = try KeyOptions.parse([
            "--name", "Prod", "--expires-in", "30d", "--allowed-models", " gpt-4o ,\tclaude*",
            "--allowed-models", "o3", "--denied-regions", "US", "--allowed-ips", "10.0.0.0/8",
            "--permission", "manage_keys", "--metadata", "team=a=b",
        ])
        #expect(
            try options.document()
                == [
                    "name": "Prod", "expires_in": 2_592_000,
                    "allowed_models": .array(["gpt-4o", "claude*", "o3"]),
                    "denied_regions": .array(["US"]),
                    "ip_allowlist": ["enabled": true, "addresses": .array(["10.0.0.0/8"])],
                    "permissions": ["manage_keys": true], "metadata": ["team": "a=b"],
                ]
        )
    }

    @Test("none takes a list away, an end and the addresses")
    func none() throws {
        let options = try KeyOptions.parse([
            "--allowed-models", "none", "--expires-at", "none", "--allowed-ips", "none",
            "--denied-regions", "none,US", "--permission", "none",
        ])
        #expect(
            try options.document()
                == [
                    "expires_at": .null, "allowed_models": .null,
                    "denied_regions": .array(["none", "US"]), "ip_allowlist": .null,
                    "permissions": .null,
                ]
        )
    }

    @Test("Options for limits become the blocks of the API, and none takes a limit away")
    func limits() throws {
        let options = try KeyOptions.parse([
            "--rpm", "100", "--rps", "none", "--burst", "5", "--strict", "--tpm", "90000",
            "--budget-daily", "1.50", "--budget-total", "none", "--timezone", "Europe/Berlin",
            "--tokens-per-request", "8000", "--requests-total", "0", "--org", "acme", "--team",
            "none", "--enforcement", "monitor",
        ])
        #expect(
            try options.document()
                == [
                    "rate_limits": [
                        "per_second": .null, "per_minute": 100, "burst": 5,
                        "tokens_per_minute": 90_000, "strict": true,
                    ],
                    "budget_limits": [
                        "daily": .number("1.5"), "total": .null, "timezone": "Europe/Berlin",
                    ],
                    "token_limits": ["per_request_max": 8000], "request_limits": ["total": 0],
                    "organization_id": "acme", "team_id": .null, "enforcement": "monitor",
                ]
        )
    }

    @Test("Options win over the file of limits, limit by limit")
    func limitsFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        let text = #"{"rate_limits":{"per_minute":1,"per_hour":2},"token_limits":null}"#
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let options = try GroupOptions.parse([
            "--limits-file", path, "--rpm", "9", "--tokens-daily", "3", "--no-strict",
        ])
        #expect(
            try options.document()
                == [
                    "rate_limits": ["per_minute": 9, "per_hour": 2, "strict": false],
                    "token_limits": ["daily": 3],
                ]
        )
    }

    @Test("What is not said is not sent")
    func nothing() throws {
        #expect(try KeyOptions.parse([]).document() == .object([]))
        #expect(try GroupOptions.parse([]).document() == .object([]))
    }

    @Test("Metadata without a name is a usage error")
    func metadata() throws {
        for text in ["team", "=x"] {
            let options = try KeyOptions.parse(["--metadata", text])
            #expect(throws: CommandFailure.usage("--metadata takes name=value")) {
                try options.document()
            }
        }
    }

    @Test(
        "Spans of time are a number and a unit",
        arguments: [
            ("90", 90), ("90s", 90), ("15m", 900), ("24h", 86_400), ("30d", 2_592_000),
            ("0", nil), ("-1h", nil), ("h", nil), ("", nil), ("1.5h", nil), ("1y", nil),
            ("9223372036854775807d", nil),
        ] as [(String, Int64?)]
    )
    func spans(text: String, seconds: Int64?) {
        #expect(TimeSpan(argument: text)?.seconds == seconds)
    }

    @Test("Addresses are http, https or a socket, and parameters are escaped")
    func addresses() throws {
        let address = try ServerAddress("http://localhost:7412/")
        #expect(
            address.url("/v1/keys", query: [("q", "a b&c=é+"), ("name", nil), ("limit", "5")])
                == "http://localhost:7412/v1/keys?q=a%20b%26c%3D%C3%A9%2B&limit=5"
        )
        let socket = try ServerAddress("unix:/run/t.sock").url("/v1/keys", query: [])
        #expect(socket.hasPrefix("http+unix://") && socket.hasSuffix("/v1/keys"))
        #expect(
            try ServerAddress("https://[::1]:65535/below").url("/v1/keys", query: [])
                == "https://[::1]:65535/below/v1/keys"
        )
        for text in [
            "", "localhost:7412", "ftp://x", "http://", "http://u@h", "unix:t.sock", "http://h:0",
            "http://h:65536", "http://h:99999999999999999999", "http://h:", "http://h:+1",
            "http://h:x", "http://[::1", "http://h#x", "http://h?x",
        ] {
            let error = #expect(throws: CommandFailure.self) { try ServerAddress(text) }
            #expect(error?.exitCode == 2)
        }
    }

    @Test("What cannot be taken back needs --yes when nobody can be asked")
    func confirmation() throws {
        try Terminal.confirm("Revoke key_1", isConfirmed: true)
        guard !Terminal.isInteractive else { return }
        let error = #expect(throws: CommandFailure.self) {
            try Terminal.confirm("Revoke key_1", isConfirmed: false)
        }
        #expect(error?.exitCode == 2)
    }

    @Test("Ids of decisions are ordered by number, not by letter")
    func order() throws {
        func id(_ text: String) -> LogID? { LogID(["id": .string(text)]) }
        let ids = ["log_2_0", "log_9_10", "log_10_2", "log_10_11"].compactMap(id)
        #expect(ids.count == 4)
        #expect(ids.sorted() == ids)
        #expect(id("log_x_1") == nil)
    }

    @Test("A rotation says how long the old secret works, when it was said")
    func grace() throws {
        func body(_ more: [String]) throws -> JSONValue {
            try KeysRotate.parse(["key_1"] + more).body
        }
        #expect(try body([]) == .object([]))
        #expect(try body(["--grace", "24h"]) == ["grace": "86400s"])
        #expect(try body(["--grace", "none"]) == ["grace": "0s"])
    }

    @Test("A temporary key needs an end")
    func temporary() throws {
        let arguments = ["--session-id", "s1", "--allowed-models", "gpt-4o"]
        let error = #expect(throws: CommandFailure.self) {
            try KeysTemporary.parse(arguments).document()
        }
        #expect(error?.exitCode == 2)
        #expect(
            try KeysTemporary.parse(arguments + ["--expires-in", "15m"]).document()
                == [
                    "expires_in": 900, "allowed_models": .array(["gpt-4o"]), "session_id": "s1",
                ]
        )
    }

    @Test(
        "Keys to import are a document, a list or a line each",
        arguments: [
            #"{"keys":[{"name":"a"},{"name":"b"}]}"#, #"[{"name":"a"},{"name":"b"}]"#,
            "{\"name\":\"a\"}\n\n{\"name\":\"b\"}\n",
        ]
    )
    func imports(text: String) throws {
        let keys = try ImportFile.keys(in: Array(text.utf8), "f")
        #expect(keys == [["name": "a"], ["name": "b"]])
    }

    @Test(
        "What cannot be imported is said with its place",
        arguments: [
            ("{\"name\":\"a\"}\n{\"name\":", "f:2:9: "), ("{\n\"name\": }", "f:2:9: "),
            ("7", "f holds a number, not keys"),
        ]
    )
    func badImports(text: String, start: String) {
        let error = #expect(throws: CommandFailure.self) {
            try ImportFile.keys(in: Array(text.utf8), "f")
        }
        #expect(error?.message.hasPrefix(start) == true, "\(error?.message ?? "")")
    }

    @Test("A number below zero is the value of the option before it, and of nothing else")
    func negativeNumbers() {
        #expect(NegativeNumbers.tied(["serve", "--threads", "-1"]) == ["serve", "--threads=-1"])
        #expect(NegativeNumbers.tied(["--rpm", "-0.5", "-2"]) == ["--rpm=-0.5", "-2"])
        for words in [
            ["--rpm", "--strict"], ["--rpm", "-x"], ["--rpm", "-"], ["--rpm=1", "-2"],
            ["get", "-1"], ["--", "--rpm", "-1"], ["-1"], [],
        ] {
            #expect(NegativeNumbers.tied(words) == words)
        }
    }

    @Test("A certificate and its key are only good together, and when they can be read")
    func clientCertificate() throws {
        #expect(try TLSFiles().configuration() == nil)
        for tls in [
            TLSFiles(certificate: "c.pem"), TLSFiles(key: "k.pem"),
            TLSFiles(certificate: "/nowhere/c.pem", key: "/nowhere/k.pem"),
            TLSFiles(authorities: "/nowhere/a.pem"),
        ] {
            let error = #expect(throws: CommandFailure.self) { try tls.configuration() }
            #expect(error?.exitCode == 2)
        }
    }

    @Test("A list that is empty, or has an empty entry, is a usage error in every command")
    func emptyEntries() {
        let lists: [(command: [String], options: [String])] = [
            (
                ["keys", "create"],
                [
                    "--allowed-models", "--denied-models", "--allowed-providers",
                    "--denied-providers", "--allowed-suppliers", "--denied-suppliers",
                    "--allowed-regions", "--denied-regions", "--allowed-actions",
                    "--denied-actions", "--allowed-ips", "--permission",
                ]
            ),
            (["suppliers", "set", "s"], ["--model"]), (["webhooks", "update", "w"], ["--event"]),
            (["usage"], ["--group-by"]),
        ]
        for (command, options) in lists {
            for option in options {
                for text in ["", " ", "a,", ",a", "a,,b", "a, ,b"] {
                    refused(arguments: command + [option, text])
                }
            }
        }
    }

    @Test("A filter that is empty, and would find everything, is a usage error in every command")
    func emptyFilters() {
        let filters: [(command: [String], options: [String])] = [
            (
                ["keys", "list"],
                [
                    "--name", "--status", "--group", "--model", "--org", "--team", "--user",
                    "--search", "--sort", "--cursor",
                ]
            ),
            (
                ["users", "list"],
                ["--name", "--status", "--org", "--team", "--search", "--sort", "--cursor"]
            ),
            (["models", "list"], ["--provider", "--search", "--cursor"]),
            (["models", "import", "f"], ["--provider"]),
            (["suppliers", "list"], ["--provider", "--region", "--sort"]),
            (["alerts"], ["--key", "--type", "--since"]),
            (
                ["audit"],
                [
                    "--key-id", "--model", "--status", "--reason", "--since", "--until", "--type",
                    "--cursor",
                ]
            ),
            (["usage"], ["--key", "--user", "--team", "--org", "--since", "--until"]),
        ]
        for (command, options) in filters {
            for option in options {
                for text in ["", " "] { refused(arguments: command + [option, text]) }
            }
        }
    }

    @Test("The secret of a file is its first line, however lines end there")
    func secretFiles() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        for text in ["sk-1", "sk-1\n", " sk-1 \nmore", "sk-1\r\n", "sk-1\r\nmore\r\n"] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try SecretFile.firstLine(of: path) == "sk-1")
        }
        try "\r\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: CommandFailure.self) { try SecretFile.firstLine(of: path) }
    }

    @Test(
        "Command lines that cannot be are refused before anything is sent",
        arguments: [
            ["bogus"], ["keys", "get"], ["keys", "list", "--limit", "0"],
            ["keys", "create", "--expires-in", "soon"], ["audit", "--follow", "--until", "1h"],
            ["check", "--tokens", "-1"], ["keys", "create", "--rpm", "-1"],
            ["keys", "create", "--rpm", "1.5"], ["keys", "update", "k", "--budget-daily", "ten"],
            ["keys", "create", "--budget-daily", "0.0000000001"], ["orgs", "credit", "acme"],
            ["orgs", "credit", "acme", "none"], ["teams", "get"],
            ["users", "list", "--limit", "0"],
            ["usage", "--key", "a", "--org", "b"], ["usage", "--key", "a", "--since", "1h"],
            ["audit", "--format", "xml"], ["audit", "--follow", "--output-file", "f"],
            ["verify", "--repair", "--checkpoints", "f"], ["verify", "--public-key", "00"],
            ["models", "import"],
            ["keys", "list", "--output", "xml"],
            ["keys", "rotate"],
            ["keys", "rotate", "k", "--grace", "soon"], ["keys", "bulk", "explode", "k"],
            ["keys", "bulk", "disable"], ["keys", "import"], ["backup"], ["restore"],
            ["restore", "f"], ["restore", "f", "--data-dir", "d", "--open-windows", "both"],
            ["completions", "csh"], ["config", "print", "--no-such", "1"],
        ]
    )
    func refused(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try Tollgate.parseAsRoot(arguments) }
        #expect(error.map { Tollgate.exitCode(for: $0) } == .validationFailure)
    }
}
