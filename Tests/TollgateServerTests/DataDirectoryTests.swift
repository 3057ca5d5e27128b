import Foundation
import Testing

@testable import TollgateServer

@Suite("The data directory")
struct DataDirectoryTests {
    private func refusal(_ path: String) -> String? {
        #expect(throws: ServerError.self) { try DataDirectory.prepare(path) }?.description
    }

    @Test("A new directory is for its owner alone")
    func new() throws {
        let scratch = try ScratchDirectory()
        try DataDirectory.prepare(scratch.path("data"))
        #expect(try scratch.mode("data") == 0o700)
        try DataDirectory.prepare(scratch.path("data"))
        #expect(!DataDirectory.holdsDatabase(scratch.path("data")))
    }

    @Test("A directory that cannot be is named, with the reason")
    func refused() throws {
        let scratch = try ScratchDirectory()
        let file = try scratch.write("file", "")
        #expect(refusal(file) == "data directory \(file): is not a directory")
        let deep = scratch.path("no/such/data")
        #expect(refusal(deep) == "data directory \(deep): No such file or directory")
        let below = file + "/data"
        #expect(refusal(below) == "data directory \(below): Not a directory")
    }

    @Test("A directory that may not be written is refused", .enabled(if: geteuid() != 0))
    func readOnly() throws {
        let scratch = try ScratchDirectory()
        let path = scratch.path("data")
        try DataDirectory.prepare(path)
        chmod(path, 0o500)
        #expect(refusal(path) == "data directory \(path): Permission denied")
    }
}
