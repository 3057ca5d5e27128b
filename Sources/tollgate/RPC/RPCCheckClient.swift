internal import NIOCore

/// Asks a server's `tollgate.v1.Authorization/Check`, over gRPC.
///
/// Each question opens a connection of its own and closes it: for people and scripts, not for
/// proxies.
struct RPCCheckClient: CheckClient {
    private static let path = "/tollgate.v1.Authorization/Check"

    /// An answer is some hundred bytes; with all limits and an explanation some thousand.
    private static let answerLimit = 1 << 20

    let server: RPCEndpoint

    /// How long connecting and asking may take together.
    let timeout: Duration

    init(server: RPCEndpoint, timeout: Duration = .seconds(10)) {
        self.server = server
        self.timeout = timeout
    }

    func check(_ question: CheckQuestion) async throws -> CheckAnswer {
        do throws(RPCError) {
            return try await answer(to: question)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Asks one question.
    ///
    /// - Returns: the answer, which may be a denial.
    /// - Throws: when there is no answer; nothing is allowed then.
    func answer(to question: CheckQuestion) async throws(RPCError) -> CheckAnswer {
        let deadline = NIODeadline.now() + TimeAmount(timeout)
        let connection = try await RPCConnection.open(to: server, deadline: deadline)
        let message: [UInt8]
        do {
            message = try await connection.call(
                RPCCheckClient.path,
                question.encoded(),
                deadline: deadline,
                answerLimit: RPCCheckClient.answerLimit
            )
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        return try CheckAnswer(decoding: message)
    }
}

/// The client for an address that an operator wrote.
///
/// - Parameters:
///   - address: `host:port`, `https://host:port` or `unix:/path`.
///   - tls: what counts with `https://`, and only there.
/// - Returns: a client, which has not connected yet.
/// - Throws: when the address is none.
func makeCheckClient(address: String, tls: TLSFiles) throws(CommandFailure) -> any CheckClient {
    do {
        var server = try RPCEndpoint(parsing: address)
        if server.tls != nil { server.tls = tls }
        return RPCCheckClient(server: server)
    } catch {
        throw CommandFailure(error)
    }
}

extension CommandFailure {
    /// A call without an answer, as the person who typed the command reads it.
    fileprivate init(_ error: RPCError) {
        self = error.code == .unusable ? .usage("\(error)") : .failed("\(error)")
    }
}
