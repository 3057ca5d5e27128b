import Foundation
import Synchronization
import Testing

@testable import TollgateServer

@Suite("The server")
struct ServerTests {
    /// Collects what a server announces, and tells when it is ready.
    private final class Announcements: Sendable {
        private let lines = Mutex<[String]>([])
        private let stream: AsyncStream<String>
        private let continuation: AsyncStream<String>.Continuation

        init() {
            (stream, continuation) = AsyncStream.makeStream()
        }

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: String) {
            lines.withLock { $0.append(line) }
            if line.hasPrefix("tollgate ready") { continuation.yield(line) }
        }

        /// The server will say nothing more.
        func finish() { continuation.finish() }

        /// The line that says that the server is ready; nil when it ended before.
        func readyLine() async -> String? {
            for await line in stream { return line }
            return nil
        }
    }

    @Test("A server that nobody hears say that it is ready does not fail for that")
    func unheard() async throws {
        struct Unheard: Error {}
        let fixture = try HouseFixture()
        _ = try fixture.withHouse { try $0.announcements() }
        let configuration = try fixture.configuration()
        let announcements = Announcements()
        let server = Task {
            defer { announcements.finish() }
            try await Server(configuration).run { line in
                announcements.add(line)
                throw Unheard()
            }
        }
        #expect(await announcements.readyLine() != nil)
        server.cancel()
        try await server.value
    }

    private func run(
        _ configuration: ServerConfiguration,
        _ body: (Announcements) async throws -> Void
    ) async throws {
        let announcements = Announcements()
        let server = Task {
            defer { announcements.finish() }
            try await Server(configuration).run { announcements.add($0) }
        }
        try await body(announcements)
        server.cancel()
        try await server.value
    }

    @Test("It says in one line where it listens, behind the first administrator's key")
    func ready() async throws {
        let fixture = try HouseFixture()
        try await run(fixture.configuration()) { announcements in
            let line = try #require(await announcements.readyLine())
            let address = /127\.0\.0\.1:([1-9][0-9]*)/
            let match = try #require(
                line.wholeMatch(of: /tollgate ready rpc=(\S+) http=(\S+)/)
            )
            #expect(match.1.wholeMatch(of: address) != nil)
            #expect(match.2.wholeMatch(of: address) != nil)
            #expect(match.1 != match.2)
            #expect(announcements.all.count == 2)
            #expect(announcements.all.first?.hasPrefix("tollgate admin-key ") == true)
        }
    }

    @Test("A later start announces nothing but that it is ready, also on Unix sockets")
    func again() async throws {
        let fixture = try HouseFixture()
        _ = try fixture.withHouse { try $0.announcements() }
        let (rpc, http) = (fixture.scratch.path("r.sock"), fixture.scratch.path("h.sock"))
        let flags = ["rpc-listen": "unix:\(rpc)", "http-listen": "unix:\(http)"]
        try await run(fixture.configuration(flags)) { announcements in
            let line = try #require(await announcements.readyLine())
            #expect(line == "tollgate ready rpc=unix:\(rpc) http=unix:\(http)")
            #expect(announcements.all == [line])
            #expect(try fixture.scratch.mode("h.sock") == 0o660)
        }
        for name in ["r.sock", "h.sock"] {
            #expect(!fixture.scratch.exists(name), "a server that stops leaves no socket behind")
        }
    }

    @Test(
        "A server that could not start has closed what it had opened, and shown nobody a key",
        arguments: ["rpc", "http"]
    )
    func addressInUse(listener: String) async throws {
        let fixture = try HouseFixture()
        let other = try HouseFixture()
        try await run(other.configuration()) { announcements in
            let line = try #require(await announcements.readyLine())
            let taken = try #require(
                line.split(separator: " ").first { $0.hasPrefix("\(listener)=") }?
                    .dropFirst(listener.count + 1)
            )
            let configuration = try fixture.configuration(["\(listener)-listen": String(taken)])
            let failed = Announcements()
            let error = await #expect(throws: ServerError.self) {
                try await Server(configuration).run { failed.add($0) }
            }
            #expect(failed.all.isEmpty)
            #expect(error?.description.hasPrefix("\(listener) listener") == true)
            #expect(error?.description.contains("\n") == false)
        }
        let lines = try fixture.withHouse { try $0.announcements() }
        #expect(lines.first?.hasPrefix("tollgate admin-key ") == true)
    }
}
