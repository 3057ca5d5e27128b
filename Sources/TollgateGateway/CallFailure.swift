package import TollgateTransport

/// Why a call cannot be answered, and the status that tells the proxy so.
///
/// Nothing here lets a request pass. Envoy turns every status but OK into `status_on_error`; it
/// lets the status UNKNOWN pass as if it were its own fault under `failure_mode_allow`, which is
/// why no row uses it.
package enum CallFailure: Error, CaseIterable, Sendable {
    /// The message is not what its type says.
    case malformed
    /// A text is not UTF-8, has a NUL or is longer than its field may be.
    case badText
    /// A number, an address, an id or metadata is none, or beyond its bounds.
    case badValue
    /// The reservation that is settled was never made, or is forgotten.
    case unknownReservation
    /// The reservation is being settled by someone else, whose outcome is not known yet.
    case beingSettled
    /// The store cannot be read, or the journal not be written.
    case storage
    /// More work in one turn than may be journalled.
    case overloaded
    /// The server stops, and ends what would go on for ever.
    case stopping
    /// A method that is not offered.
    case unimplemented

    /// The status that answers the call.
    package var status: RPCStatus {
        switch self {
        case .malformed: RPCStatus(.invalidArgument, "the message is malformed")
        case .badText: RPCStatus(.invalidArgument, "a text is not valid or too long")
        case .badValue: RPCStatus(.invalidArgument, "a value is not valid or out of bounds")
        case .unknownReservation: RPCStatus(.notFound, "no such reservation")
        case .beingSettled: RPCStatus(.unavailable, "the reservation is being settled; try again")
        case .storage: RPCStatus(.unavailable, "decisions cannot be recorded now")
        case .overloaded: RPCStatus(.resourceExhausted, "too many requests at once")
        case .stopping: RPCStatus(.unavailable, "the server stops")
        case .unimplemented: RPCStatus(.unimplemented, "this method is not offered")
        }
    }
}
