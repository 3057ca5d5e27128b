import Dispatch
import Glibc

/// A receiver of webhooks on this machine that takes whatever comes, until it is let go.
final class WebhookReceiver: Sendable {
    /// It could not listen.
    struct Failure: Error {}

    let url: String
    private let listener: Int32

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 128) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else {
            close(listener)
            throw Failure()
        }
        self.listener = listener
        url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))/"
        DispatchQueue(label: "receiver").async {
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { break }
                WebhookReceiver.answer(client)
                close(client)
            }
            close(listener)
        }
    }

    deinit {
        // Ends the wait for the next client.
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// Reads a head and the document behind it, and takes it.
    private static func answer(_ client: Int32) {
        var text = ""
        while !text.contains("\r\n\r\n") || !text.hasSuffix("}") {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(client, &buffer, buffer.count)
            if count <= 0 { return }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let answer = Array("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".utf8)
        _ = write(client, answer, answer.count)
    }
}
