package import TollgateTransport

/// What answers administrators who ask over rpc.
///
/// Implemented outside of this room: the operations are those of the REST API.
package protocol ManagementPort: AnyObject, Sendable {
    /// Has a call answered; must not wait.
    ///
    /// - Parameters:
    ///   - call: what is asked, and who says to ask it.
    ///   - done: called once, on any thread, with the answer's message or why there is none.
    func answer(
        _ call: ManagementCall,
        _ done: @escaping @Sendable (Result<[UInt8], ManagementRefusal>) -> Void
    )
}

/// One question of an administrator.
package struct ManagementCall: Sendable {
    /// The name of the method: `CreateKey`.
    package let method: String
    package let message: [UInt8]
    /// The values of `authorization`.
    package let authorization: [[UInt8]]
    /// The values of `x-api-key`.
    package let apiKeys: [[UInt8]]
    /// Who is at the other end, with the names in the client's certificate, which was verified.
    package let peer: Peer
}

/// Why a question was not answered.
package struct ManagementRefusal: Error, Sendable {
    let status: RPCStatus

    package init(_ code: RPCStatus.Code, _ message: String) {
        status = RPCStatus(code, text: message)
    }
}
