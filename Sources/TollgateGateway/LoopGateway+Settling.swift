internal import TollgateCore
internal import TollgateEngine

/// How reports of usage count, whichever way they came; `settlement` has what was reported.
extension LoopGateway {
    /// Has a report counted whose sender waits for the outcome.
    func settleReported() -> Result<SettlementOutcome, CallFailure> {
        do {
            return .success(try decisions.settle(settlement))
        } catch {
            return .failure(CallFailure(error))
        }
    }

    /// Has a report counted that a proxy makes of its own accord; the first of a reservation counts, as
    /// ever.
    ///
    /// One that cannot be taken now is lost: its hold ends when its time is over.
    func report() {
        _ = try? decisions.settle(settlement)
    }

    /// Ends the hold by its key's policy.
    ///
    /// Its request is over, and nobody can tell what it used. A report that comes yet counts instead.
    func abandon() {
        try? decisions.abandon(settlement)
    }
}
