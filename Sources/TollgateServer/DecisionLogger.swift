internal import Logging
internal import TollgateCore
internal import TollgateGateway

/// Writes a line for each decision, at debug.
struct DecisionLogger: DecisionLog {
    private let log = Logger(label: "tollgate.decisions")

    /// The log that a configuration asks for; nil when nobody would see a line of it.
    init?(_ configuration: ServerConfiguration) {
        guard configuration.logLevel <= .debug else { return nil }
    }

    func write(_ line: DecisionLine) {
        var metadata: Logger.Metadata = ["reason": "\(line.reason.code)"]
        metadata["key_id"] = line.keyID.map { "\($0)" }
        if line.reason == .allowed { metadata["reason"] = "allowed" }
        if line.reservation != .none { metadata["reservation_id"] = "\(line.reservation)" }
        metadata["request_id"] = line.requestID.map { "\($0)" }
        metadata["trace_id"] = line.traceID.map { "\($0)" }
        log.debug("decision", metadata: metadata)
    }
}
