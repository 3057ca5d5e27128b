package import NIOCore

/// The channels of a loop, from their acceptance to their end.
struct LoopChannels {
    /// How often connections and calls are looked at for what took too long.
    static let sweepInterval = TimeAmount.milliseconds(100)

    var open: [ObjectIdentifier: any Channel] = [:]
    var sweeping: RepeatedTask?
    /// Fulfilled when the last connection of a loop that drains is gone.
    var drained: EventLoopPromise<Void>?
    /// Whether new connections are turned away.
    var isClosed = false
}

extension RPCLoop {
    /// Takes a connection in: adds the handlers that speak with its peer.
    ///
    /// - Parameters:
    ///   - channel: of this event loop.
    ///   - peer: who is at the other end; nil to read it from the channel.
    ///   - tls: what the connection is encrypted with; nil for plain text.
    /// - Throws: when a handler cannot be added; the channel is of no use then.
    package func adopt(
        _ channel: any Channel,
        peer: Peer? = nil,
        tls: TLSContextHolder? = nil
    ) throws {
        eventLoop.assertInEventLoop()
        let counters = state.counters
        guard !channels.isClosed, channels.open.count < state.configuration.maximumConnections
        else {
            counters.connectionsRefused.add()
            channel.close(promise: nil)
            return
        }
        if let tls {
            // The turn begins with what is read, so that decrypting it counts as time that it took.
            let handler = TLSHandler(context: tls.current) { self.openTurn() }
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        let peer = peer ?? Peer(address: RPCLoop.address(of: channel))
        try channel.pipeline.syncOperations.addHandler(ProtocolDetector(self, peer: peer))
        let id = ObjectIdentifier(channel)
        channels.open[id] = channel
        counters.connectionsAccepted.add()
        counters.connectionsOpen.add()
        startSweeping()
        channel.closeFuture.whenComplete { _ in self.forget(id) }
    }

    private static func address(of channel: any Channel) -> String {
        guard let address = channel.remoteAddress else {
            // A client of a Unix socket has no name of its own.
            return channel.localAddress?.pathname == nil ? "" : "unix"
        }
        return address.ipAddress ?? "unix"
    }

    private func forget(_ id: ObjectIdentifier) {
        guard channels.open.removeValue(forKey: id) != nil else { return }
        state.counters.connectionsOpen.add(-1)
        guard channels.open.isEmpty else { return }
        channels.sweeping?.cancel()
        channels.sweeping = nil
        finishDrain()
    }

    // MARK: The clock

    private func startSweeping() {
        guard channels.sweeping == nil else { return }
        let interval = LoopChannels.sweepInterval
        channels.sweeping = eventLoop.scheduleRepeatedTask(
            initialDelay: interval,
            delay: interval
        ) { _ in self.sweep() }
    }

    private func sweep() {
        refreshTime()
        let timeouts = state.configuration.timeouts
        for connection in connections.handlers { connection.sweep(at: now, timeouts) }
        deliver()
    }

    // MARK: The end

    /// Asks every client to leave, in two steps, and fulfils the promise when all have.
    ///
    /// - Parameters:
    ///   - limit: when the promise is fulfilled although clients are left.
    ///   - promise: of this event loop.
    package func drain(within limit: Duration, _ promise: EventLoopPromise<Void>) {
        channels.isClosed = true
        guard !channels.open.isEmpty, channels.drained == nil else {
            promise.succeed()
            return
        }
        channels.drained = promise
        // Connections that have not said a word have nothing to lose.
        let speaking = Set(connections.handlers.compactMap(\.channelID))
        for (id, channel) in channels.open where !speaking.contains(id) {
            channel.close(promise: nil)
        }
        for connection in connections.handlers { connection.noticeShutdown() }
        schedule(after: state.configuration.timeouts.shutdownNotice) {
            for connection in self.connections.handlers { connection.leave() }
        }
        schedule(after: limit) { self.finishDrain() }
    }

    private func finishDrain() {
        channels.drained?.succeed()
        channels.drained = nil
    }

    /// Closes every connection now; the service stays until `retire`.
    func stop() {
        channels.isClosed = true
        for channel in channels.open.values { channel.close(promise: nil) }
        finishDrain()
    }
}
