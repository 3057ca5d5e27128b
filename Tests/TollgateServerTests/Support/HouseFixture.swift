import Foundation
import Testing
import TollgateCore
import TollgateEngine

@testable import TollgateServer

/// A directory in which houses are opened, one after the other.
final class HouseFixture {
    let scratch: ScratchDirectory

    init() throws {
        scratch = try ScratchDirectory()
    }

    /// The path of the data directory.
    var data: String { scratch.path("data") }

    /// The settings of a server on free ports.
    func configuration(_ flags: [String: String] = [:]) throws -> ServerConfiguration {
        let defaults = [
            "data-dir": data, "rpc-listen": "127.0.0.1:0", "http-listen": "127.0.0.1:0",
            "threads": "1",
        ]
        return try ServerConfiguration(
            SettingValues(
                flags: defaults.merging(flags) { _, new in new },
                environment: [:],
                file: nil
            )
        )
    }

    /// Opens a house, and closes it behind the body.
    func withHouse<Value>(
        _ flags: [String: String] = [:],
        _ body: (House) throws -> Value
    ) throws -> Value {
        let house = try House(configuration(flags))
        defer { house.close() }
        return try body(house)
    }

    /// Why a house cannot be opened.
    func refusal(_ flags: [String: String] = [:]) throws -> String? {
        let configuration = try configuration(flags)
        return #expect(throws: ServerError.self) { _ = try House(configuration) }?.description
    }
}

extension House {
    /// What is announced when the administrator is registered.
    func announcements() throws -> [String] {
        var lines: [String] = []
        try registerAdministrator()
        try createFirstAdministrator { lines.append($0) }
        return lines
    }
}
