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

    /// A server that is not there, or cannot answer; other than a refusal, that may pass.
    struct Trouble: Error {
        let failure: CommandFailure
        /// Whether the server may have done what it was asked to all the same.
        let isUncertain: Bool
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
    /// - Throws: the server's refusal as one line, or `Trouble`.
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
            throw trouble(error)
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
    /// - Throws: the server's refusal as one line, `Trouble`, or what `take` throws.
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
            throw trouble(error)
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

    private func trouble(_ error: any Error) -> Trouble {
        Trouble(
            failure: .failed("cannot reach \(address): \(APIClient.reason(error))"),
            isUncertain: !APIClient.isBeforeCall(error)
        )
    }

    /// The document of an answer.
    ///
    /// - Throws: a refusal, which is all that a status from 300 to 499 can be; else `Trouble`.
    private func read(_ bytes: [UInt8], status: Int) throws -> JSONValue {
        let document = try? JSONParser.value(of: bytes)
        if let document, (200...299).contains(status) { return document }
        let failure = refusal(document, status)
        guard (300...499).contains(status) else {
            throw Trouble(failure: failure, isUncertain: true)
        }
        throw failure
    }

    private func refusal(_ document: JSONValue?, _ status: Int) -> CommandFailure {
        guard let document else {
            return .failed("\(address) answered \(status), and not with JSON; is it a Tollgate?")
        }
        let error = document["error"] ?? .null
        let code = error["code"]?.string ?? "status \(status)"
        return .failed("\(error["message"]?.string ?? "the server refused") (\(code))")
    }

    /// Whether an error says that the call was never made.
    private static func isBeforeCall(_ error: any Error) -> Bool {
        switch error {
        case is NIOConnectionError, NIOSSLError.handshakeFailed(_): true
        case let error as IOError: [ECONNREFUSED, ENOENT, EACCES].contains(error.errnoCode)
        case let error as HTTPClientError: error == .connectTimeout
        default: "\(error)".contains("CERTIFICATE_REQUIRED")
        }
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
