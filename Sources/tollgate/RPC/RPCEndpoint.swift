/// Where a server listens for RPC, and how its connection is protected.
struct RPCEndpoint: Equatable, Sendable {
    /// Where to connect to.
    enum Address: Equatable, Sendable {
        case tcp(host: String, port: Int)
        /// A Unix domain socket.
        case unix(path: String)
    }

    var address: Address
    /// Whom to trust and what to show; nil for HTTP/2 in the clear.
    var tls: TLSFiles?

    /// The port that Tollgate listens on for RPC unless it is told otherwise.
    static let defaultPort = 7411

    init(address: Address, tls: TLSFiles? = nil) {
        self.address = address
        self.tls = tls
    }

    /// The server that a text names.
    ///
    /// `host:port`, `[v6]:port`, `http://host:port` and `unix:/path` are in the clear, `https://…` is
    /// TLS; without a port it is 7411. A path behind the port is refused: RPC has none to add to.
    ///
    /// - Throws: `.unusable` with what is wrong with the text.
    init(parsing text: String) throws(RPCError) {
        var rest = text[...]
        func takePrefix(_ prefix: String) -> Bool {
            guard rest.hasPrefix(prefix) else { return false }
            rest = rest.dropFirst(prefix.count)
            return true
        }
        if takePrefix("unix:") {
            guard rest.hasPrefix("/"), rest.utf8.count < 108 else {
                throw RPCError(.unusable, "unix: needs an absolute path of less than 108 bytes")
            }
            self.init(address: .unix(path: String(rest)))
            return
        }
        let isTLS = takePrefix("https://")
        if !isTLS { _ = takePrefix("http://") }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let place = HostAndPort(rest), place.host.utf8.allSatisfy({ $0 < 0x7F }) else {
            throw RPCError(
                .unusable,
                "'\(text)' is not host:port, https://host:port or unix:/path"
            )
        }
        self.init(
            address: .tcp(host: place.host, port: place.port ?? RPCEndpoint.defaultPort),
            tls: isTLS ? TLSFiles() : nil
        )
    }

    /// What `:authority` says.
    var authority: String {
        switch address {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix: "localhost"
        }
    }
}

extension RPCEndpoint: CustomStringConvertible {
    var description: String {
        switch address {
        case .tcp: authority
        case .unix(let path): "unix:\(path)"
        }
    }
}
