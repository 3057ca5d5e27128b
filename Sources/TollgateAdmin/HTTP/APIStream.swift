internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// An answer that is made while it is sent, piece by piece, and may have any length.
///
/// The next piece is asked for when the one before was taken, on a thread that may wait; when the
/// client has gone, none is.
struct APIStream: Sendable {
    let contentType: String
    /// The name that a browser gives the file.
    let fileName: String
    /// Makes the next piece; nil at the end.
    ///
    /// Asked by one caller at a time.
    let next: @Sendable () throws(APIError) -> [UInt8]?
}

extension Response {
    /// An answer whose pieces are made while it is sent.
    ///
    /// When a piece cannot be made, the connection ends without the end of the body, so that nobody
    /// takes what there is for all.
    init(_ status: HTTPResponse.Status, _ stream: APIStream, headers: HTTPFields) {
        var headers = headers
        headers[.contentType] = stream.contentType
        headers[.cacheControl] = "no-store"
        headers[.contentDisposition] = "attachment; filename=\"\(stream.fileName)\""
        self.init(
            status: status,
            headers: headers,
            body: ResponseBody { writer in
                while let piece = try await Blocking.run(stream.next) {
                    try await writer.write(ByteBuffer(bytes: piece))
                }
                try await writer.finish(nil)
            }
        )
    }
}
