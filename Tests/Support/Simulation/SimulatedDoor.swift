package import TollgateCore

/// A question of a simulated client.
package struct SimulatedCheck {
    /// Which of the world's keys asks.
    package let key: Int
    package let model: String
    package let tokens: UInt64
    package let input: UInt64
}

/// A report of a simulated client.
package struct SimulatedReport {
    package let reservation: ReservationID
    package let tokens: TokenCounts
}

/// What a client is told.
package enum SimulatedAnswer {
    case allowed(ReservationID, key: Int, cost: Int64)
    case denied
    case settled(ReservationID, SettlementOutcome)
    /// No: nobody ever gave out such a reservation.
    case unknown(ReservationID)
    /// Not now: whoever asked may try again.
    case refused
}

/// Where simulated clients ask: one event loop, with as much of the server in front of it as there
/// is.
package protocol SimulatedDoor: AnyObject {
    /// Begins a turn.
    func begin()
    func check(_ question: SimulatedCheck) throws
    func settle(_ report: SimulatedReport) throws
    /// Ends a turn, and hands out its answers.
    ///
    /// - Returns: one for each question and report; `.refused` for all that could not be written.
    func end() throws -> [SimulatedAnswer]
}
