internal import Glibc

/// Bytes to and from a server on this machine, without waiting.
final class DriverSocket {
    let descriptor: Int32
    /// What has arrived and is not taken yet is between `start` and `end`.
    private(set) var input = [UInt8](repeating: 0, count: 1 << 18)
    private(set) var start = 0
    private(set) var end = 0
    /// What is to be sent.
    var output: [UInt8] = []

    /// Connects to a port.
    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError("cannot make a socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                connect(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw BenchError("cannot connect to port \(port)") }
        var isOn: Int32 = 1
        setsockopt(
            descriptor,
            Int32(IPPROTO_TCP),
            TCP_NODELAY,
            &isOn,
            socklen_t(MemoryLayout<Int32>.size)
        )
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Reads what is there.
    ///
    /// - Throws: when the server has closed the connection.
    func receive() throws {
        if start > 0, input.count - end < input.count / 2 {
            input.withUnsafeMutableBytes { bytes in
                if let base = bytes.baseAddress { memmove(base, base + start, end - start) }
            }
            end -= start
            start = 0
        }
        let count = input.withUnsafeMutableBytes { bytes in
            read(descriptor, bytes.baseAddress.map { $0 + end }, bytes.count - end)
        }
        if count > 0 {
            end += count
        } else if count == 0 || errno != EAGAIN {
            throw BenchError("the server has closed a connection")
        }
    }

    /// Takes so many bytes from the beginning of the input.
    func consume(_ count: Int) {
        start += count
    }

    /// Sends as much of the output as the kernel takes.
    func send() throws {
        guard !output.isEmpty else { return }
        let count = output.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 {
            if count == output.count {
                output.removeAll(keepingCapacity: true)
            } else {
                output.removeFirst(count)
            }
        } else if errno != EAGAIN {
            throw BenchError("the server has closed a connection")
        }
    }
}
