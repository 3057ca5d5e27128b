/// Where a server listens for RPC, and how its connection is protected.
struct RPCEndpoint: Equatable, Sendable {
    /// Where to connect to.
    enum Address: Equatable, Sendable {
        case tcp(host: String, port: Int)
        /// A Unix domain socket.
        case unix(path: String)
    }

    /// How the server is known, and how the client makes itself known.
    struct TLS: Equatable, Sendable {
        /// A PEM file with the authorities that may sign the server's certificate; nil for those that
        /// the system trusts.
        var authorities: String?
        /// A PEM file with the client's own certificate chain, for servers that ask for one.
        var certificate: String?
        /// The PEM file with the certificate's key; both are there, or neither.
        var key: String?
        /// The name that the server's certificate must carry; nil for the host of the address.
        var serverName: String?

        init(
            authorities: String? = nil,
            certificate: String? = nil,
            key: String? = nil,
            serverName: String? = nil
        ) {
            self.authorities = authorities
            self.certificate = certificate
            self.key = key
            self.serverName = serverName
        }
    }

    var address: Address
    /// nil for HTTP/2 in the clear.
    var tls: TLS?

    /// The port that Tollgate listens on for RPC unless it is told otherwise.
    static let defaultPort = 7411

    init(address: Address, tls: TLS? = nil) {
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
        let (host, port) = try RPCEndpoint.split(rest, of: text)
        self.init(address: .tcp(host: host, port: port), tls: isTLS ? TLS() : nil)
    }

    private static func split(
        _ authority: Substring,
        of text: String
    ) throws(RPCError) -> (host: String, port: Int) {
        let problem = RPCError(
            .unusable,
            "'\(text)' is not host:port, https://host:port or unix:/path"
        )
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw problem }
            host = authority[authority.index(after: authority.startIndex)..<end]
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw problem }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
            guard !host.contains(":") else { throw problem }
        }
        let isHost = !host.isEmpty && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isHost, !host.contains("/"), !host.contains("@") else { throw problem }
        guard let port else { return (String(host), defaultPort) }
        guard let number = UInt16(port), number > 0, port.first != "+" else { throw problem }
        return (String(host), Int(number))
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
