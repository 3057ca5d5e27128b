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

    /// The HTTP status; anything but 200 is for callers that do not speak gRPC.
    var httpStatus: StaticString {
        switch self {
        case .notPost: "405"
        case .notGRPC: "415"
        default: "200"
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
        }
    }
}
