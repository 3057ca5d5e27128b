import Logging
import Testing
import TollgateCore
import TollgateGateway
import TollgateTransport

@testable import TollgateServer

@Suite("Settings")
struct SettingTests {
    @Test("Without anything set the server starts as its manual says")
    func fallbacks() throws {
        let configuration = try ServerConfiguration(values())
        #expect(configuration.dataDirectory == "./tollgate-data")
        #expect(configuration.rpcAddress.description == "127.0.0.1:7411")
        #expect(configuration.httpAddress.description == "127.0.0.1:7412")
        #expect(configuration.rpcTLS == nil)
        #expect(configuration.httpTLS == nil)
        #expect(configuration.adminKey == nil)
        #expect(configuration.pepper == nil)
        #expect(configuration.durability == .process)
        #expect(configuration.models.models.contains { $0.id == "gpt-4o" })
        #expect(configuration.threads >= 1)
        #expect(configuration.maximumMessage == 1_114_112)
        #expect(configuration.activeKeys == 1_000_000)
        #expect(!configuration.gateway.trustsRequestHeaders)
        #expect(configuration.gateway.trustedHops == 0)
        #expect(configuration.gateway.defaultMaximumOutput == 4096)
        #expect(configuration.logFormat == .text)
        #expect(configuration.logLevel == .info)
    }

    @Test("Flags win over variables, and those over the file")
    func precedence() throws {
        let scratch = try ScratchDirectory()
        let file = try scratch.write(
            "tollgate.yaml",
            """
            data-dir: /from/file
            rpc_listen: unix:/run/tollgate.sock
            threads: 3
            durability: power
            trust-request-headers: yes
            """
        )
        let environment = [
            "TOLLGATE_DATA_DIR": "/from/variable", "TOLLGATE_THREADS": "4", "PATH": "/bin",
        ]
        let configuration = try ServerConfiguration(
            SettingValues(flags: ["threads": "5"], environment: environment, file: file)
        )
        #expect(configuration.threads == 5)
        #expect(configuration.dataDirectory == "/from/variable")
        #expect(configuration.rpcAddress.description == "unix:/run/tollgate.sock")
        #expect(configuration.durability == .power)
        #expect(configuration.gateway.trustsRequestHeaders)
    }

    @Test("Every setting has a flag, a variable and a key in the file, and no two share one")
    func names() throws {
        #expect(Set(Setting.all.map(\.name)).count == Setting.all.count)
        let scratch = try ScratchDirectory()
        for setting in Setting.all {
            let expected =
                "TOLLGATE_"
                + setting.name.uppercased().split(separator: "-")
                .joined(separator: "_")
            #expect(setting.variable == expected)
            let file = try scratch.write("one.yaml", "\(setting.name): from-file")
            let read = try SettingValues(flags: [:], environment: [:], file: file)
            #expect(read.text(setting) == "from-file")
            let flagged = try values(flags: [setting.name: "from-flag"])
            #expect(flagged.text(setting) == "from-flag")
            let variable = try values(environment: [setting.variable: "from-variable"])
            #expect(variable.text(setting) == "from-variable")
        }
    }

    @Test("An empty file sets nothing", arguments: ["", "# nothing\n"])
    func emptyFile(text: String) throws {
        let scratch = try ScratchDirectory()
        let file = try scratch.write("empty.yaml", text)
        let read = try SettingValues(flags: [:], environment: [:], file: file)
        #expect(read.text(.durability) == "process")
    }

    @Test(
        "What has no fallback is off when it is empty",
        arguments: ["threads", "models", "audit-retention", "audit-checkpoints"]
    )
    func off(name: String) throws {
        let configuration = try ServerConfiguration(values(flags: [name: ""]))
        let without = try ServerConfiguration(values())
        #expect(configuration.threads == without.threads)
        #expect(configuration.modelFile == nil)
        #expect(configuration.auditRetention == nil)
        #expect(configuration.auditCheckpoints == nil)
    }

    @Test("Words for on and off", arguments: ["true", "YES", "on", "1"])
    func on(word: String) throws {
        let values = try values(flags: ["trust-request-headers": word])
        #expect(try values.flag(.trustRequestHeaders))
    }

    @Test(
        "TLS needs its files together, and takes the clients' authority",
        arguments: ["", "http-"]
    )
    func certificates(listener: String) throws {
        let flags = ["tls-cert": "c.pem", "tls-key": "k.pem", "tls-client-ca": "ca.pem"]
        let configuration = try ServerConfiguration(
            values(flags: Dictionary(uniqueKeysWithValues: flags.map { (listener + $0, $1) }))
        )
        let (files, none) =
            listener.isEmpty
            ? (configuration.rpcTLS, configuration.httpTLS)
            : (configuration.httpTLS, configuration.rpcTLS)
        #expect(files?.certificate == "c.pem")
        #expect(files?.key == "k.pem")
        #expect(files?.clientCA == "ca.pem")
        #expect(none == nil)
    }

    @Test("Each setting that cannot be is named", arguments: try CaseTable.rows("settings.txt"))
    func refused(row: [String]) throws {
        let (name, value, reason) = (row[0], row[1], row[2])
        let scratch = try ScratchDirectory()
        let file = try scratch.write("bad.yaml", "\(name): \"\(value)\"")
        let variable = "TOLLGATE_" + name.uppercased().replacing("-", with: "_")
        let sources: [(origin: String, read: () throws -> SettingValues)] = [
            ("--\(name)", { try values(flags: [name: value]) }),
            (variable, { try values(environment: [variable: value]) }),
            (
                "\(file): \(name)",
                { try SettingValues(flags: [:], environment: [:], file: file) }
            ),
        ]
        for source in sources {
            let error = #expect(throws: ConfigurationError.self) {
                _ = try ServerConfiguration(source.read())
            }
            #expect(error?.description == "\(source.origin): \(reason)")
        }
    }

    @Test("A secret that is too long to be a key is refused without being repeated")
    func longAdminKey() throws {
        let secret = String(repeating: "k", count: 1025)
        let error = #expect(throws: ConfigurationError.self) {
            _ = try ServerConfiguration(values(flags: ["admin-key": secret]))
        }
        #expect(error?.description.contains("kkk") == false)
    }

    @Test("Each file that cannot be is refused in one line", arguments: badFiles)
    func badFile(text: String, reason: String) throws {
        let scratch = try ScratchDirectory()
        let file = try scratch.write("bad.yaml", text)
        let error = #expect(throws: ConfigurationError.self) {
            _ = try SettingValues(flags: [:], environment: [:], file: file)
        }
        let description = error?.description ?? ""
        #expect(description.hasPrefix("\(file): "))
        #expect(description.contains(reason))
        #expect(!description.contains("\n"))
    }

    private static let badFiles = [
        ("no-such-setting: 1", "unknown setting 'no-such-setting'"),
        ("THREADS: 1", "unknown setting 'THREADS'"),
        ("- threads", "must be a mapping of settings to values"),
        ("threads", "must be a mapping of settings to values"),
        ("threads: [1, 2]", "threads: must be a single value"),
        ("threads: {a: 1}", "threads: must be a single value"),
        ("data-dir: a\ndata_dir: b", "data-dir: is set twice"),
        ("threads: 1\nthreads: 2", "threads"),
        ("threads: \"1", "error"),
        ("[1]: 1", "unknown setting"),
    ]

    @Test("A file that is not there is refused")
    func missingFile() throws {
        let error = #expect(throws: ConfigurationError.self) {
            _ = try SettingValues(flags: [:], environment: [:], file: "/nowhere/at/all.yaml")
        }
        #expect(error?.description == "/nowhere/at/all.yaml: cannot be read")
    }

    @Test(
        "No error about a file repeats a secret in it",
        arguments: [
            "admin-key: \"top-secret-word\nthreads: 1", "pepper: [top-secret-word]",
            "admin-key: {top-secret-word: 1}", "admin-key: top-secret-word\nadmin_key: 1",
            "admin-key: &top-secret-word\n  *top-secret-word", "pepper: 'top-secret-word' x",
            "admin-key: top-secret-word\n\tpepper: x", "admin-key: top-secret-word: x",
        ]
    )
    func secretsInFiles(text: String) throws {
        let scratch = try ScratchDirectory()
        let file = try scratch.write("bad.yaml", text)
        let error = #expect(throws: ConfigurationError.self) {
            _ = try ServerConfiguration(
                SettingValues(flags: [:], environment: [:], file: file)
            )
        }
        #expect(error?.description.contains("top-secret-word") == false)
    }

    private func values(
        flags: [String: String] = [:],
        environment: [String: String] = [:]
    ) throws -> SettingValues {
        try SettingValues(flags: flags, environment: environment, file: nil)
    }
}
