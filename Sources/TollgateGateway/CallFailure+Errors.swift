internal import TollgateCore
internal import TollgateEngine
internal import TollgateWire

extension CallFailure {
    /// The row for a failure of the engine.
    init(_ error: EngineError) {
        switch error {
        case .storage, .noRandomness: self = .storage
        case .overloaded: self = .overloaded
        case .unknownReservation: self = .unknownReservation
        case .beingSettled: self = .beingSettled
        }
    }

    /// The row for a message that was refused.
    init(_ error: WireError) {
        switch error {
        case .notText, .tooLong: self = .badText
        case .badValue: self = .badValue
        default: self = .malformed
        }
    }

    /// The row for a text that does not fit a question.
    init(_ problem: CheckRequest.Problem) {
        switch problem {
        case .tooLong, .notText: self = .badText
        case .metadata, .badTokens: self = .badValue
        }
    }
}
