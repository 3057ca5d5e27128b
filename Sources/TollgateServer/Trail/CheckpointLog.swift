internal import Glibc
internal import Synchronization

/// The log daemon that checkpoints are sent to, one datagram each.
///
/// A daemon that is not there, or takes nothing, is an error of that one call: nothing waits for it,
/// and the next call tries again. Whether a datagram arrives behind this machine, nobody is told.
final class CheckpointLog: CheckpointSink {
    private let address: SyslogAddress
    /// The socket, from the first message on until one cannot be sent; -1 for none.
    private let socket = Mutex<Int32>(-1)

    /// Opens nothing yet: a server starts whether or not there is a daemon.
    init(_ address: SyslogAddress) {
        self.address = address
    }

    deinit {
        socket.withLock { if $0 >= 0 { close($0) } }
    }

    func append(_ checkpoint: SignedCheckpoint) throws(ServerError) {
        let message = SyslogMessage(
            time: checkpoint.time,
            content: String(checkpoint.line.dropLast())
        )
        let text =
            switch address {
            case .socket: message.local(at: time(nil))
            case .udp: message.remote(from: SyslogMessage.hostName)
            }
        try socket.withLock { socket throws(ServerError) in
            if socket < 0 { socket = try connected() }
            let bytes = Array(text.utf8)
            let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
            guard send(socket, bytes, bytes.count, flags) == bytes.count else {
                let problem = failure("send")
                // A daemon that was started anew has a new socket.
                close(socket)
                socket = -1
                throw problem
            }
        }
    }

    private func connected() throws(ServerError) -> Int32 {
        switch address {
        case .socket(let path): try connected(toSocket: path)
        case .udp(let host, let port): try connected(to: host, port)
        }
    }

    private func connected(toSocket path: String) throws(ServerError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A path that is too long was refused when the address was read.
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let descriptor = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                CheckpointLog.datagramSocket(AF_UNIX, $0, size)
            }
        }
        guard descriptor >= 0 else { throw failure("connect") }
        return descriptor
    }

    private func connected(to host: String, _ port: Int) throws(ServerError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &found)
        guard code == 0 else {
            throw ServerError("checkpoints \(address): \(String(cString: gai_strerror(code)))")
        }
        defer { freeaddrinfo(found) }
        var next = found
        while let candidate = next?.pointee {
            let descriptor = CheckpointLog.datagramSocket(
                candidate.ai_family,
                candidate.ai_addr,
                candidate.ai_addrlen
            )
            if descriptor >= 0 { return descriptor }
            next = candidate.ai_next
        }
        throw failure("connect")
    }

    /// A socket that is connected to an address; -1 with `errno` when there can be none.
    private static func datagramSocket(
        _ family: Int32,
        _ address: UnsafePointer<sockaddr>?,
        _ size: socklen_t
    ) -> Int32 {
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(family, kind, 0)
        guard descriptor >= 0 else { return -1 }
        guard connect(descriptor, address, size) != 0 else { return descriptor }
        let problem = errno
        close(descriptor)
        errno = problem
        return -1
    }

    private func failure(_ what: String) -> ServerError {
        ServerError("checkpoints \(address): cannot \(what): \(String(cString: strerror(errno)))")
    }
}
