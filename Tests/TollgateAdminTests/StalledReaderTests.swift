internal import NIOCore
internal import NIOEmbedded
internal import Testing

@testable internal import TollgateAdmin

@Suite("A client that takes nothing of an answer")
struct StalledReaderTests {
    /// A connection on a loop whose time the test sets; what is flushed is what the client has taken.
    private func connect(on loop: EmbeddedEventLoop) throws -> EmbeddedChannel {
        let handler = StalledReaderHandler(limit: .seconds(30))
        let channel = EmbeddedChannel(handler: handler, loop: loop)
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/client")).wait()
        return channel
    }

    private func write(to channel: EmbeddedChannel) {
        channel.write(ByteBuffer(string: "a piece"), promise: nil)
    }

    @Test("loses its connection when nothing has left for the limit")
    func stalled() throws {
        let loop = EmbeddedEventLoop()
        let channel = try connect(on: loop)
        loop.advanceTime(by: .seconds(45))
        write(to: channel)
        // First seen at 60 seconds.
        loop.advanceTime(by: .seconds(44))
        #expect(channel.isActive)
        loop.advanceTime(by: .seconds(1))
        #expect(!channel.isActive)
    }

    @Test("keeps its connection while it takes a piece now and then, and when it has all of them")
    func slow() throws {
        let loop = EmbeddedEventLoop()
        let channel = try connect(on: loop)
        for _ in 1...20 {
            write(to: channel)
            loop.advanceTime(by: .seconds(29))
            channel.flush()
        }
        #expect(channel.isActive)
        loop.advanceTime(by: .seconds(600))
        #expect(channel.isActive)
        write(to: channel)
        loop.advanceTime(by: .seconds(60))
        #expect(!channel.isActive)
    }
}
