internal import AsyncHTTPClient
@preconcurrency internal import Dispatch
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import TollgateCore
internal import TollgateEngine

/// Sends one delivery to where an administrator has said.
///
/// That address may be anybody's, so: names are resolved here, and the connection goes to the very
/// address that was looked at; redirects are not followed; the answer's body is not read; and all of
/// it takes at most ten seconds. Certificates are verified.
struct WebhookClient: Sendable {
    private static let answerLimit = TimeAmount.seconds(10)

    /// Whether deliveries may go to this machine and its network.
    let allowsPrivate: Bool

    /// A delivery, ready to be sent.
    struct Message: Sendable {
        let url: String
        let id: String
        /// In seconds since 1970.
        let timestamp: Int64
        /// Nil when there is nothing to sign with.
        let signature: String?
        let body: [UInt8]
    }

    /// Sends a message, and waits for what comes of it.
    func send(_ message: Message) async -> DeliveryQueue.Result {
        // Read as the client reads it: were it another host there, its address would not be looked at.
        guard let host = URL(string: message.url)?.host, !host.isEmpty else {
            return .failed(nil, "The URL names no host.")
        }
        guard let address = await WebhookClient.resolve(host) else {
            return .failed(nil, "The host cannot be found.")
        }
        guard allowsPrivate || PublicAddress.contains(address) else {
            return .failed(nil, "The address is private; see --webhook-allow-private.")
        }
        return await send(message, to: "\(address)", of: host)
    }

    private func send(
        _ message: Message,
        to address: String,
        of host: String
    ) async -> DeliveryQueue.Result {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        configuration.timeout.read = WebhookClient.answerLimit
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.dnsOverride = [host: address]
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: DeliveryQueue.Result
        do {
            let response = try await client.execute(
                WebhookClient.request(message),
                timeout: WebhookClient.answerLimit
            )
            result = WebhookClient.result(of: response.status)
        } catch {
            result = .failed(nil, WebhookClient.sentence(about: error))
        }
        try? await client.shutdown()
        return result
    }

    private static func request(_ message: Message) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: message.url)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: "tollgate/\(Version.current)")
        request.headers.add(name: "webhook-id", value: message.id)
        request.headers.add(name: "webhook-timestamp", value: "\(message.timestamp)")
        if let signature = message.signature {
            request.headers.add(name: "webhook-signature", value: signature)
        }
        request.body = .bytes(message.body, length: .known(Int64(message.body.count)))
        return request
    }

    private static func result(of status: HTTPResponseStatus) -> DeliveryQueue.Result {
        let code = UInt16(clamping: status.code)
        switch code {
        case 200..<300: return .delivered(code)
        case 410: return .gone
        case 300..<400: return .failed(code, "The receiver redirects, which is not followed.")
        default: return .failed(code, "The receiver has answered \(code).")
        }
    }

    /// What went wrong, in one of few sentences: errors may name what is in the URL.
    private static func sentence(about error: any Error) -> String {
        switch error as? HTTPClientError {
        case .connectTimeout?: "The receiver cannot be reached in time."
        case .readTimeout?, .deadlineExceeded?, .requestStreamCancelled?:
            "The receiver has not answered in time."
        case .remoteConnectionClosed?: "The receiver has closed the connection."
        default: "The connection has failed (\(type(of: error)))."
        }
    }

    /// An address of a host, which may be written as one itself.
    private static func resolve(_ host: String) async -> IPAddress? {
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        if let address = IPAddress(bare) { return address }
        return await withCheckedContinuation { continuation in
            // Resolving waits for the network; neither an event loop nor Swift's pool may.
            DispatchQueue.global().async {
                let found = try? SocketAddress.makeAddressResolvingHost(bare, port: 0)
                continuation.resume(returning: found?.ipAddress.flatMap { IPAddress($0) })
            }
        }
    }
}
