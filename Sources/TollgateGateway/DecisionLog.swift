package import TollgateCore

/// What a log line says of one decision.
///
/// Nothing in it is a secret, and nothing that a caller wrote is in it unless it is well-formed.
package struct DecisionLine: Equatable, Sendable {
    package let reason: Reason
    package let keyID: KeyID?
    package let reservation: ReservationID
    /// What the caller calls the request; nil when it does not.
    package let requestID: String?
    /// The trace that the request is part of; nil when the caller named none.
    package let traceID: String?
}

/// Something that keeps lines about decisions, for who looks for the reason of one.
package protocol DecisionLog: Sendable {
    /// Takes a line; called on the event loops' threads, which wait meanwhile.
    func write(_ line: DecisionLine)
}
