internal import ArgumentParser
internal import Testing
internal import TollgateAdmin

@testable internal import tollgate

@Suite("The command line")
struct CommandLineTests {
    @Test("Options of a key become the fields of the API, lists taken apart at commas")
    func fields() throws {
        let options = try KeyOptions.parse([
            "--name", "Prod", "--expires-in", "30d", "--allowed-models", "gpt-4o,claude*",
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

    @Test("What is not said is not sent")
    func nothing() throws {
        #expect(try KeyOptions.parse([]).document() == .object([]))
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
        for text in ["", "localhost:7412", "ftp://x", "http://", "http://u@h", "unix:t.sock"] {
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

    @Test(
        "Command lines that cannot be are refused before anything is sent",
        arguments: [
            ["bogus"], ["keys", "get"], ["keys", "list", "--limit", "0"],
            ["keys", "create", "--expires-in", "soon"], ["audit", "--follow", "--until", "1h"],
            ["check", "--tokens", "-1"], ["keys", "list", "--output", "xml"],
        ]
    )
    func refused(arguments: [String]) {
        let error = #expect(throws: (any Error).self) { try Tollgate.parseAsRoot(arguments) }
        #expect(error.map { Tollgate.exitCode(for: $0) } == .validationFailure)
    }
}
