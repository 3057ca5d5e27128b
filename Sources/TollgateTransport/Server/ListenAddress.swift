/// Where to listen: a host and a port, or the path of a Unix socket.
package struct ListenAddress: Sendable, Equatable {
    /// The two kinds.
    package enum Kind: Sendable, Equatable {
        /// Port 0 picks a free one.
        case tcp(host: String, port: Int)
        case unix(path: String)
    }

    package let kind: Kind

    /// The longest path that a Unix socket can have, on Linux 107 bytes and on macOS 103.
    private static let longestPath = 103

    package init(_ kind: Kind) {
        self.kind = kind
    }

    /// Reads `host:port`, `[IPv6]:port` or `unix:/path`.
    package init(parsing text: String) throws(TransportError) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            let isFine = path.hasPrefix("/") && path.utf8.count <= ListenAddress.longestPath
            guard isFine, !path.utf8.contains(0) else {
                throw ListenAddress.error(text, "a Unix socket needs an absolute, short path")
            }
            kind = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else {
            throw ListenAddress.error(text, "a port is missing")
        }
        let digits = text[text.index(after: colon)...]
        guard
            (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39) ~= $0 }),
            let port = Int(digits), port <= 65_535
        else { throw ListenAddress.error(text, "the port is not a number from 0 to 65535") }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw ListenAddress.error(text, "an IPv6 address needs brackets")
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ListenAddress.error(text, "the host is missing")
        }
        kind = .tcp(host: String(host), port: port)
    }

    private static func error(_ text: String, _ reason: String) -> TransportError {
        TransportError(code: .address, message: "cannot listen on '\(text)': \(reason)")
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The address as `init(parsing:)` reads it.
    package var description: String {
        switch kind {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }
}
