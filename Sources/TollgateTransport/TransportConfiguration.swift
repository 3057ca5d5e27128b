internal import NIOCore

/// The numbers of the transport; every one is a bound.
package struct TransportConfiguration: Sendable {
    /// How many event loops there are.
    package var threads = System.coreCount

    /// The longest message that is taken, in bytes; longer ones are refused on their first five.
    package var maximumMessageBytes = (1 << 20) + (64 << 10)

    /// Open connections of the whole server; more are closed as they come.
    package var maximumConnections = 16_384

    /// Answers that may wait for `RPCLoop.release(heldTurns:)` on one loop before it stops reading.
    package var maximumHeldAnswers = 65_536

    /// The same in bytes.
    package var maximumHeldBytes = 64 << 20

    /// Open calls of one connection (`SETTINGS_MAX_CONCURRENT_STREAMS`).
    ///
    /// A proxy that finds fewer than it needs opens its streams before it has read our settings,
    /// and takes the refusals for denials; so it is the same for every peer.
    package var maximumConcurrentStreams: UInt32 = 1024

    /// `SETTINGS_INITIAL_WINDOW_SIZE`.
    package var streamWindowBytes: UInt32 = 1 << 20

    /// How much of all streams together may be under way.
    package var connectionWindowBytes: Int32 = 16 << 20

    package var untrusted = PeerBudget.untrusted
    package var trusted = PeerBudget.trusted
    package var timeouts = TransportTimeouts()

    package init() {}

    /// Throws when a number is outside of its range.
    func validate() throws(TransportError) {
        func check(_ isFine: Bool, _ name: StaticString) throws(TransportError) {
            if !isFine {
                throw TransportError(code: .configuration, message: "\(name) is out of range")
            }
        }
        try check((1...1024).contains(threads), "threads")
        try check((1...(64 << 20)).contains(maximumMessageBytes), "maximumMessageBytes")
        try check(maximumConnections >= 1, "maximumConnections")
        try check(maximumHeldAnswers >= 1, "maximumHeldAnswers")
        try check(maximumHeldBytes >= 1, "maximumHeldBytes")
        try check((1...65_536).contains(maximumConcurrentStreams), "maximumConcurrentStreams")
        try check((65_535...(1 << 30)).contains(streamWindowBytes), "streamWindowBytes")
        try check((65_535...(1 << 30)).contains(connectionWindowBytes), "connectionWindowBytes")
    }
}

/// How long a peer may take.
package struct TransportTimeouts: Sendable {
    /// From the connection to its HTTP/2 preface and SETTINGS.
    package var preface = Duration.seconds(5)
    /// From the first byte of a unary call to its last, and for the answers to a peer that has closed
    /// its half of the connection.
    package var request = Duration.seconds(10)
    /// Without a byte from the peer until it is sent a PING.
    package var idle = Duration.seconds(300)
    /// For the answer to that PING.
    package var ping = Duration.seconds(10)
    /// For a blocked socket or a closed window to move again.
    package var blockedWrite = Duration.seconds(10)
    /// For the client to see the first of the two GOAWAYs.
    package var shutdownNotice = Duration.seconds(1)

    package init() {}
}

/// What one connection may cost.
///
/// Rates are token buckets: a burst, and what flows back each second.
package struct PeerBudget: Sendable {
    /// Bytes of one header list, each field counted with 32 more (RFC 9113 section 6.5.2).
    package var headerListBytes: Int
    /// Fields of one header list.
    package var headerListFields: Int
    /// Invalid frames, resets that we had to send, empty DATA, PRIORITY.
    package var glitches: Rate
    /// SETTINGS, PING and WINDOW_UPDATE.
    package var controls: Rate
    /// How many more of those each message pays for.
    package var controlsPerRequest: Int64
    /// RST_STREAM from the peer.
    package var resets: Rate
    /// Bytes received beyond those of messages, whole or not.
    package var idleBytes: Int64
    /// How many more of those each message pays for.
    package var idleBytesPerRequest: Int64
    /// Bytes of messages that are not whole yet.
    package var partialMessageBytes: Int
    /// Acknowledgements that wait to be sent.
    package var outboundAcknowledgements: Int
    /// Entries of one SETTINGS frame.
    package var settingsEntries: Int
    /// Bytes that wait to be sent: from here on nothing more is read.
    package var outboundPauseBytes: Int
    /// Bytes that wait to be sent: from here on the connection is closed.
    package var outboundCloseBytes: Int

    /// A burst and a refill.
    package struct Rate: Sendable {
        package var burst: Int64
        package var perSecond: Int64

        package init(burst: Int64, perSecond: Int64) {
            self.burst = burst
            self.perSecond = perSecond
        }
    }

    /// For a peer that nothing is known of.
    package static let untrusted = PeerBudget(
        headerListBytes: 16 << 10,
        headerListFields: 100,
        glitches: Rate(burst: 1000, perSecond: 33),
        controls: Rate(burst: 1000, perSecond: 100),
        controlsPerRequest: 2,
        resets: Rate(burst: 1000, perSecond: 33),
        idleBytes: 1 << 20,
        idleBytesPerRequest: 64 << 10,
        partialMessageBytes: 4 << 20,
        outboundAcknowledgements: 100,
        settingsEntries: 16,
        outboundPauseBytes: 256 << 10,
        outboundCloseBytes: 1 << 20
    )

    /// For a proxy: every timeout of its own clients reaches us as a reset on one long-lived
    /// connection, so that a narrow budget would turn a slow minute into an outage.
    package static let trusted = PeerBudget(
        headerListBytes: 64 << 10,
        headerListFields: 200,
        glitches: Rate(burst: 10_000, perSecond: 330),
        controls: Rate(burst: 10_000, perSecond: 1000),
        controlsPerRequest: 10,
        resets: Rate(burst: 100_000, perSecond: 10_000),
        idleBytes: 4 << 20,
        idleBytesPerRequest: 64 << 10,
        partialMessageBytes: 16 << 20,
        outboundAcknowledgements: 1000,
        settingsEntries: 32,
        outboundPauseBytes: 4 << 20,
        outboundCloseBytes: 16 << 20
    )
}

extension Duration {
    /// The duration in nanoseconds; out of range it is the largest there is.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || carry ? .max : sum
    }
}
