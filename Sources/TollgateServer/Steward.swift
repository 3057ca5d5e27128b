@preconcurrency internal import Dispatch
internal import Logging
internal import TollgateEngine

/// Has the engine do about once a second what it does besides answering: recover from a failed
/// write, and end holds whose time is over.
///
/// Works on a queue of its own, for it waits for the disk.
final class Steward: Sendable {
    private static let interval = DispatchTimeInterval.seconds(1)

    private let queue = DispatchQueue(label: "tollgate.steward")
    private let timer: any DispatchSourceTimer

    /// Starts to work.
    init(_ engine: Engine) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        let round = Round(engine)
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
        private let engine: Engine
        private let loop: DecisionLoop
        private let log = Logger(label: "tollgate")
        private var problem: String?

        init(_ engine: Engine) {
            self.engine = engine
            loop = engine.makeLoop()
        }

        func run() {
            let wasReady = engine.isReady
            do {
                try engine.tend(loop)
                if !wasReady { log.notice("the journal can be written again") }
                problem = nil
            } catch {
                report("\(error)")
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
