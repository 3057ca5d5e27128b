internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import TollgateAdmin

/// Speaks with the management API of one server.
struct APIClient: Sendable {
    /// A method of HTTP, as the API uses it.
    enum Method: String {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// The longest answer that is taken, in bytes.
    private static let answerLimit = 64 << 20

    /// A server that is not there; other than a refusal, it may come back.
    struct Unreachable: Error {
        let failure: CommandFailure
    }

    private let address: ServerAddress
    private let key: String
    private let client: HTTPClient

    /// A client; `close` must be called.
    ///
    /// - Parameters:
    ///   - address: where the server is.
    ///   - key: the secret that is shown to it.
    ///   - tls: whom to trust besides the system's authorities, and what is shown.
    /// - Throws: exit code 2 when one of them cannot be.
    init(address: String, key: String, tls: TLSFiles) throws(CommandFailure) {
        self.address = try ServerAddress(address)
        // What would split a header in two is no key, and is not worth a trip.
        guard key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .usage("the admin key has characters that no key has")
        }
        self.key = key
        var configuration = HTTPClient.Configuration()
        // A redirect would show the key to whoever it names.
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        configuration.timeout.read = .seconds(60)
        // A person who sees an error tries again; a connection that is refused shall be one at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.tlsConfiguration = try tls.configuration()
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func close() async throws {
        try await client.shutdown()
    }

    /// Makes a call.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: the path, made of characters that need no escape.
    ///   - query: parameters; those that are nil are left out.
    ///   - body: what is sent.
    /// - Returns: the answer's document.
    /// - Throws: the server's refusal as one line, or `Unreachable`.
    func call(
        _ method: Method,
        _ path: String,
        query: [(String, String?)] = [],
        body: JSONValue? = nil
    ) async throws -> JSONValue {
        let request = request(method, path, query: query, body: body)
        let status: Int
        let bytes: [UInt8]
        do {
            let response = try await client.execute(request, timeout: .seconds(60))
            status = Int(response.status.code)
            bytes = Array(
                try await response.body.collect(upTo: APIClient.answerLimit).readableBytesView
            )
        } catch {
            throw unreachable(error)
        }
        return try read(bytes, status: status)
    }

    /// Makes a call whose answer may be as long as it likes.
    ///
    /// - Parameters:
    ///   - method: the method.
    ///   - path: the path, made of characters that need no escape.
    ///   - query: parameters; those that are nil are left out.
    ///   - body: what is sent; nil for nothing.
    ///   - take: takes the answer, piece by piece; the server waits for it.
    /// - Throws: the server's refusal as one line, `Unreachable`, or what `take` throws.
    func download(
        _ method: Method,
        _ path: String,
        query: [(String, String?)] = [],
        body: JSONValue? = nil,
        _ take: (ByteBuffer) async throws -> Void
    ) async throws {
        let request = request(method, path, query: query, body: body)
        let response: HTTPClientResponse
        do {
            response = try await client.execute(request, timeout: .hours(24))
        } catch {
            throw unreachable(error)
        }
        guard (200...299).contains(response.status.code) else {
            let bytes = try await response.body.collect(upTo: 1 << 20)
            _ = try read(Array(bytes.readableBytesView), status: Int(response.status.code))
            throw CommandFailure.failed("\(address) answered \(response.status.code)")
        }
        var pieces = response.body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                throw CommandFailure.failed("\(address) has broken off; its log says why")
            }
            guard let piece else { return }
            try await take(piece)
        }
    }

    private func request(
        _ method: Method,
        _ path: String,
        query: [(String, String?)],
        body: JSONValue?
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: address.url(path, query: query))
        request.method = HTTPMethod(rawValue: method.rawValue)
        request.headers.add(name: "authorization", value: "Bearer \(key)")
        request.headers.add(name: "user-agent", value: "tollgate/\(Tollgate.version)")
        if let body {
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(body.utf8)
        }
        return request
    }

    private func unreachable(_ error: any Error) -> Unreachable {
        Unreachable(failure: .failed("cannot reach \(address): \(APIClient.reason(error))"))
    }

    private func read(_ bytes: [UInt8], status: Int) throws(CommandFailure) -> JSONValue {
        guard let document = try? JSONParser.value(of: bytes) else {
            throw .failed("\(address) answered \(status), and not with JSON; is it a Tollgate?")
        }
        if (200...299).contains(status) { return document }
        let error = document["error"] ?? .null
        let code = error["code"]?.string ?? "status \(status)"
        throw .failed("\(error["message"]?.string ?? "the server refused") (\(code))")
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { reason($0.error) } ?? "no such host"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case NIOSSLError.handshakeFailed(let cause)
        where "\(cause)".contains("CERTIFICATE_VERIFY_FAILED"):
            "its certificate is of no authority that is trusted; see --ca-cert"
        case let error where "\(error)".contains("CERTIFICATE_REQUIRED"):
            "it wants a certificate; see --client-cert"
        case is NIOSSLError: "no TLS connection"
        case let error as HTTPClientError: error.shortDescription
        default: "\(error)"
        }
    }
}
