package import TollgateTransport

/// What a proxy is told when a question cannot be answered: one row for each class of failure.
///
/// Nothing here lets a request pass. Envoy turns every status but OK into `status_on_error`; it
/// lets the status UNKNOWN pass as if it were its own fault under `failure_mode_allow`, which is
/// why no row uses it.
package enum FailurePolicy: Error, CaseIterable, Sendable {
    /// The message is not what its type says.
    case malformed
    /// A text is not UTF-8, has a NUL or is longer than its field may be.
    case badText
    /// The store cannot be read, or the journal not be written.
    case storage
    /// More work in one turn than may be journalled.
    case overloaded
    /// A method that is not offered.
    case unimplemented

    /// The status that answers the call.
    package var status: RPCStatus {
        switch self {
        case .malformed: RPCStatus(.invalidArgument, "the message is malformed")
        case .badText: RPCStatus(.invalidArgument, "a text is not valid or too long")
        case .storage: RPCStatus(.unavailable, "decisions cannot be recorded now")
        case .overloaded: RPCStatus(.resourceExhausted, "too many requests at once")
        case .unimplemented: RPCStatus(.unimplemented, "this method is not offered")
        }
    }
}
