/// What is wrong with a call that its service never sees, or not to its end.
///
/// Source of the statuses: "gRPC over HTTP/2" and "HTTP to gRPC Status Code Mapping".
enum CallProblem: UInt8, CaseIterable {
    case notPost
    case notGRPC
    case unknownMethod
    case badTimeout
    case noMessage
    case cutOff
    case bytesBehind
    case tooLong
    case compressed
    case badPrefix
    case tooMuchAtOnce
    case noSuchPath
    case otherContent
    case badRequest
    case badVersion
    case headTooLong
    case bodyTooLong
    case tooSlow
    case tooManyRequests

    /// The HTTP status; anything but 200 is for callers that do not speak gRPC.
    var httpStatus: StaticString {
        switch self {
        case .notPost: "405"
        case .notGRPC: "415"
        default: "200"
        }
    }

    /// The HTTP status for callers that speak plain HTTP.
    var plainStatus: StaticString {
        switch self {
        case .noSuchPath: "404"
        case .tooSlow: "408"
        case .bodyTooLong: "413"
        case .otherContent: "415"
        case .headTooLong: "431"
        case .tooMuchAtOnce, .tooManyRequests: "503"
        case .badVersion: "505"
        default: "400"
        }
    }

    var status: RPCStatus {
        switch self {
        case .notPost: RPCStatus(.internal, "Only POST is understood.")
        case .notGRPC: RPCStatus(.internal, "The content type must be application/grpc.")
        case .unknownMethod: .unimplemented("There is no such method.")
        case .badTimeout: .invalidArgument("The grpc-timeout header cannot be read.")
        case .noMessage: .invalidArgument("The call carries no message.")
        case .cutOff: .invalidArgument("The message ends before its length.")
        case .bytesBehind: .invalidArgument("There are bytes behind the message of a unary call.")
        case .tooLong: .resourceExhausted("The message is longer than this server takes.")
        case .compressed: .unimplemented("Compressed messages are not understood.")
        case .badPrefix: RPCStatus(.internal, "The message's prefix is malformed.")
        case .tooMuchAtOnce: .resourceExhausted("Too many unfinished messages on the connection.")
        case .noSuchPath: .notFound("There is nothing at this path.")
        case .otherContent: .invalidArgument("The content type must be application/grpc.")
        case .badRequest: .invalidArgument("The request is not well-formed HTTP.")
        case .badVersion: .unimplemented("Only HTTP/1.1 and HTTP/2 are understood.")
        case .headTooLong: .resourceExhausted("The headers are longer than this server takes.")
        case .bodyTooLong: .resourceExhausted("The request is longer than this server takes.")
        case .tooSlow: RPCStatus(.deadlineExceeded, "The request did not arrive in time.")
        case .tooManyRequests: .resourceExhausted("Too many requests without an answer.")
        }
    }
}
