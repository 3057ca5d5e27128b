import Testing

@testable import TollgateServer

@Suite("The address of a log daemon")
struct SyslogAddressTests {
    @Test(
        "is read with its defaults",
        arguments: [
            ("syslog:", "syslog:/dev/log"), ("syslog:/run/log", "syslog:/run/log"),
            ("syslog://host", "syslog://host:514"), ("syslog://host:1514", "syslog://host:1514"),
            ("syslog://[::1]", "syslog://[::1]:514"), ("syslog://[::1]:7", "syslog://[::1]:7"),
        ]
    )
    func good(text: String, meaning: String) throws {
        #expect(try SyslogAddress(parsing: text)?.description == meaning)
    }

    @Test(
        "is refused when it is none",
        arguments: [
            "syslog:log", "syslog://", "syslog://host:0", "syslog://host:x", "syslog://::1",
            "syslog:/" + String(repeating: "x", count: 200),
        ]
    )
    func bad(text: String) {
        #expect(throws: ServerError.self) { try SyslogAddress(parsing: text) }
    }

    @Test("is not seen in the path of a file", arguments: ["checkpoints", "/var/log/syslog"])
    func file(path: String) throws {
        #expect(try CheckpointPlace(parsing: path) == .file(path))
    }
}
