internal import TollgateTransport

/// A log daemon: the one of this machine, or one that takes messages by UDP.
enum SyslogAddress: Equatable, Sendable {
    /// The path of a Unix socket that takes datagrams.
    case socket(path: String)
    case udp(host: String, port: Int)

    /// The port of RFC 5426.
    private static let defaultPort = 514

    /// Reads `syslog:`, `syslog:/path` or `syslog://host:port`, the port being 514 when it is left out.
    ///
    /// - Returns: nil when the text does not begin like that.
    /// - Throws: what is wrong with it otherwise.
    init?(parsing text: String) throws(ServerError) {
        guard text.hasPrefix("syslog:") else { return nil }
        let place = text.dropFirst("syslog:".count)
        do {
            guard place.hasPrefix("//") else {
                let path = place.isEmpty ? "/dev/log" : String(place)
                _ = try ListenAddress(parsing: "unix:\(path)")
                self = .socket(path: path)
                return
            }
            var host = String(place.dropFirst(2))
            let hasPort = host.hasSuffix("]") ? false : host.contains(":")
            if !hasPort { host += ":\(SyslogAddress.defaultPort)" }
            guard
                case .tcp(let name, let port) = try ListenAddress(parsing: host).kind, port > 0
            else { throw ServerError(SyslogAddress.rule) }
            self = .udp(host: name, port: port)
        } catch {
            throw ServerError(SyslogAddress.rule)
        }
    }

    private static let rule =
        "must be a file, syslog:, syslog:/path of a socket, or syslog://host:port"
}

extension SyslogAddress: CustomStringConvertible {
    var description: String {
        switch self {
        case .socket(let path): "syslog:\(path)"
        case .udp(let host, let port):
            host.contains(":") ? "syslog://[\(host)]:\(port)" : "syslog://\(host):\(port)"
        }
    }
}
