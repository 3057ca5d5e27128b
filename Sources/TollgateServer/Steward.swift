@preconcurrency internal import Dispatch
internal import Logging
internal import TollgateEngine
internal import TollgateStore

/// Runs the housekeeping once a second: the engine recovers from a failed write and ends holds whose
/// time is over, the registry records which keys have expired.
///
/// Logs what becomes of the disk meanwhile.
///
/// Works on a queue of its own, for it waits for the disk.
final class Steward: Sendable {
    private static let interval = DispatchTimeInterval.seconds(1)

    private let queue = DispatchQueue(label: "tollgate.steward")
    private let timer: any DispatchSourceTimer

    /// Starts to work.
    init(_ engine: Engine, _ store: Store, _ registry: KeyRegistry) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        let round = Round(engine, store, registry)
        timer.setEventHandler { round.run() }
        timer.schedule(deadline: .now() + Steward.interval, repeating: Steward.interval)
        timer.resume()
    }

    /// Stops, after the round that is under way.
    func stop() {
        timer.cancel()
        queue.sync {}
    }

    /// What is done in a round; only ever touched on the queue.
    private final class Round: @unchecked Sendable {
        /// How many expired keys one round records.
        private static let expiryLimit = 1000

        private let engine: Engine
        private let store: Store
        private let registry: KeyRegistry
        private let loop: DecisionLoop
        private var watch: DiskWatch
        private let log = Logger(label: "tollgate")
        private var problem: String?
        private var expiryProblem: RegistryError?

        init(_ engine: Engine, _ store: Store, _ registry: KeyRegistry) {
            self.engine = engine
            self.store = store
            watch = DiskWatch(store.statistics)
            self.registry = registry
            loop = engine.makeLoop()
        }

        func run() {
            // A change of a key that could not be written says as much as a decision.
            if !store.isWritable { engine.distrust() }
            let wasReady = engine.isReady
            do {
                try engine.tend(loop)
                if !wasReady { log.notice("the journal can be written again") }
                problem = nil
            } catch {
                report("\(error)")
            }
            for (line, change) in watch.look(store.statistics) {
                switch change {
                case .began: log.warning("\(line)")
                case .ended: log.notice("\(line): no more")
                }
            }
            recordExpiries()
        }

        private func recordExpiries() {
            do {
                _ = try registry.recordExpiries(limit: Round.expiryLimit)
                expiryProblem = nil
            } catch {
                if error != expiryProblem {
                    log.error("expired keys not recorded", metadata: ["reason": "\(error)"])
                }
                expiryProblem = error
            }
        }

        /// Says what is wrong when it is something new.
        private func report(_ text: String) {
            if text != problem {
                log.error("nothing can be allowed", metadata: ["reason": "\(text)"])
            }
            problem = text
        }
    }
}
