@preconcurrency internal import Dispatch
internal import Logging
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateStore

/// Does once a minute what the audit trail needs: deletes what is too old, and writes checkpoints.
///
/// Works on a queue of its own, for it waits for the disk.
final class AuditSteward: Sendable {
    private static let interval = DispatchTimeInterval.seconds(60)

    private let queue = DispatchQueue(label: "tollgate.audit")
    private let timer: any DispatchSourceTimer
    private let round: Round

    /// Starts to work: the first time now, for a server may never run for a minute.
    init(_ house: House) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        let round = Round(house)
        self.round = round
        timer.setEventHandler { round.run() }
        timer.schedule(deadline: .now(), repeating: AuditSteward.interval)
        timer.resume()
    }

    /// Stops, after a last round that has everything which was recorded.
    func stop() {
        timer.cancel()
        queue.sync { round.run() }
    }

    /// What is done in a round; only ever touched on the queue.
    private final class Round: @unchecked Sendable {
        private let store: Store
        private let time: any TimeSource
        private let retention: Int64?
        private let sink: (any CheckpointSink)?
        private let key: SigningKey?
        private let log = Logger(label: "tollgate.audit")
        private var last: AuditCheckpoint?
        private var problem: String?

        init(_ house: House) {
            store = house.store
            time = house.engine.time
            retention = house.configuration.auditRetention
            sink = house.checkpoints?.sink
            key = house.checkpoints?.key
        }

        func run() {
            do {
                try deleteOld()
                try writeCheckpoint()
                problem = nil
            } catch {
                let text = "\(error)"
                if text != problem { log.error("audit trail", metadata: ["reason": "\(text)"]) }
                problem = text
            }
        }

        private func deleteOld() throws {
            guard let retention else { return }
            // The engine's clock, which does not believe a jump at once: it would delete evidence.
            let oldest = time.now().wall.milliseconds.addingSaturated(-retention)
            let count = try store.deleteAuditLog(before: WallTime(milliseconds: oldest))
            if count > 0 { log.info("old segments deleted", metadata: ["segments": "\(count)"]) }
        }

        private func writeCheckpoint() throws {
            guard let sink, let key else { return }
            let checkpoint = try store.checkpoint()
            if checkpoint == last { return }
            try sink.append(try SignedCheckpoint(checkpoint, at: time.now().wall, by: key))
            last = checkpoint
        }
    }
}
