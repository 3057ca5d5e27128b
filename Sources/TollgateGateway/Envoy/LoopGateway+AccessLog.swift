internal import TollgateCore
internal import TollgateEngine
internal import TollgateTransport
internal import TollgateWire

/// `envoy.service.accesslog.v3.AccessLogService`: how requests ended, and what Envoy's own filters
/// counted.
///
/// Envoy loses entries now and then, and tells nobody; so this closes what else would stay open, and
/// is exact where a filter counts tokens. A stream is never ended by us but when the server stops.
extension LoopGateway {
    /// Takes some entries.
    func readAccessLog(_ call: CallID, _ message: Span<UInt8>) {
        guard accessLogs.contains(call) else { return }
        do throws(WireError) {
            try EnvoyAccessLogEntry.forEach(in: message) { take($0, of: message) }
        } catch {
            endAccessLog(call, CallFailure(error).status)
        }
        wakeForUnreported()
    }

    private func take(_ entry: EnvoyAccessLogEntry, of message: Span<UInt8>) {
        let report = entry.report
        guard entry.isEnd, report.reservation != .none else { return }
        settlement.reset()
        settlement.reservation = report.reservation
        settlement.status = entry.status
        settlement.latency = entry.latency
        settlement.isCancelled = entry.isCancelled
        let counted = UsageReader.Result(
            input: report.input,
            cachedInput: report.cachedInput,
            output: report.output ?? 0
        )
        let model = message.bytes(in: report.model)
        let held =
            report.heldInput > 0
            ? report.heldInput : decisions.heldInput(of: report.reservation)
        let isKnown = report.hasTokens && settlement.fill(counted, heldInput: held, model: model)
        if isKnown || entry.status >= 400 { return self.report() }
        unreported.append(
            UnreportedHolds.Ending(
                reservation: report.reservation,
                status: entry.status,
                latency: entry.latency,
                isCancelled: entry.isCancelled,
                due: loop.now + UnreportedHolds.grace
            )
        )
    }

    /// The proxy ends its log, behind which it expects an empty answer.
    func closeAccessLog(_ call: CallID) {
        guard accessLogs.contains(call) else { return }
        output.removeAll()
        send(output, on: call, .now)
        endAccessLog(call, .ok)
    }

    private func endAccessLog(_ call: CallID, _ status: RPCStatus) {
        guard accessLogs.remove(call) != nil else { return }
        loop.finish(call, status, .now)
    }

    /// Ends all logs: their proxies would keep a server that stops waiting.
    func endAccessLogs() {
        for call in Array(accessLogs) { endAccessLog(call, CallFailure.stopping.status) }
    }

    // MARK: Requests that nobody reports

    /// Ends the holds that an access log closes and that nobody has reported meanwhile.
    func endUnreported() {
        guard !unreported.isEmpty else { return }
        loop.openTurn()
        for _ in 0..<UnreportedHolds.batch {
            guard let ending = unreported.popDue(at: loop.now) else { break }
            settlement.reset()
            settlement.reservation = ending.reservation
            settlement.status = ending.status
            settlement.latency = ending.latency
            settlement.isCancelled = ending.isCancelled
            abandon()
        }
        if let wakeAt = unreported.wakeAt, wakeAt <= loop.now { unreported.wakeAt = nil }
        wakeForUnreported()
    }

    private func wakeForUnreported() {
        guard !unreported.isEmpty, unreported.wakeAt == nil else { return }
        let loop = loop
        unreported.wakeAt = loop.now + UnreportedHolds.interval
        loop.schedule(after: .nanoseconds(UnreportedHolds.interval)) { loop.wakeService() }
    }
}
