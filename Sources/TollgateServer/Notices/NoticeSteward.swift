@preconcurrency internal import Dispatch
internal import Logging
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore

/// Reads twice a second what the journal has that somebody wants to be told, and sends it: to each
/// receiver one notice after the other, the next as soon as the last is answered.
///
/// What is to be sent is written down together with how far the journal was read: after the end of
/// the process, however it comes, it goes on where it was, and at worst sends something twice.
///
/// Works on a queue of its own, for it waits for the disk; the network is waited for elsewhere.
final class NoticeSteward: Sendable {
    static let interval = DispatchTimeInterval.milliseconds(500)

    private let queue: DispatchQueue
    private let timer: any DispatchSourceTimer
    private let round: Round

    /// Starts to work, with a first look: what is done from now on is told.
    ///
    /// - Parameters:
    ///   - office: what sending needs.
    ///   - interval: how long it is between two looks at the journal.
    init(_ office: NoticeOffice, every interval: DispatchTimeInterval = NoticeSteward.interval) {
        let queue = DispatchQueue(label: "tollgate.notices", qos: .utility)
        self.queue = queue
        timer = DispatchSource.makeTimerSource(queue: queue)
        let round = Round(office, queue)
        self.round = round
        queue.sync { round.begin() }
        timer.setEventHandler { round.run() }
        timer.schedule(deadline: .now(), repeating: interval)
        timer.resume()
    }

    /// Stops, after the round that is under way; what is out then is sent again after a start.
    func stop() {
        timer.cancel()
        queue.sync { round.end() }
    }

    /// What is done in a round; only ever touched on the queue.
    private final class Round: @unchecked Sendable {
        /// How many deliveries are out at once.
        private static let sendLimit = 16
        /// How many parts of the journal one round reads.
        private static let partLimit = 8

        private let office: NoticeOffice
        private let queue: DispatchQueue
        private let log = Logger(label: "tollgate.notices")
        private var deliveries: DeliveryQueue?
        /// Where the journal was read to, and what was told; nil before the first round, and after
        /// something could not be written.
        private var reading: (position: JournalPosition, judge: NoticeJudge)?
        private var problem: String?
        private var isOver = false

        init(_ office: NoticeOffice, _ queue: DispatchQueue) {
            self.office = office
            self.queue = queue
        }

        /// Finds out where the journal is to be read from, before anything is added to it.
        func begin() {
            do { try prepare() } catch { report("\(error)") }
        }

        /// Has nothing be sent any more.
        func end() { isOver = true }

        func run() {
            do {
                try prepare()
                try follow()
                problem = nil
            } catch {
                reading = nil
                report("\(error)")
            }
            send()
        }

        // MARK: Reading the journal

        private func prepare() throws {
            if deliveries == nil { deliveries = DeliveryQueue(try office.store.deliveries()) }
            if reading == nil {
                let position = try office.store.beginReading()
                reading = (position, NoticeJudge(marks: try office.store.marks()))
            }
        }

        private func follow() throws {
            for _ in 0..<Round.partLimit {
                guard
                    let position = reading?.position,
                    let findings = try office.store.findings(after: position)
                else { return }
                try tell(findings)
                guard findings.hasMore else { return }
            }
        }

        private func tell(_ findings: JournalFindings) throws {
            guard var judge = reading?.judge, var queue = deliveries else { return }
            let (drafts, marks) = try judge.judge(findings, sources)
            let now = office.engine.time.now().wall
            var batch = NoticeBatch()
            batch.position = findings.position
            batch.marks = marks
            for draft in drafts.prefix(DeliveryQueue.countLimit) {
                let notice = try office.notice(of: draft)
                if notice.event.isAlert { batch.alerts.append(notice) }
                let destinations = office.destinations(of: notice, about: draft.key)
                batch.saved += queue.deliveries(of: notice, to: destinations, at: now)
            }
            batch.saved = batch.saved.suffix(DeliveryQueue.countLimit)
            batch.removed = queue.excess(adding: batch.saved.count)
            try office.store.write(batch)
            queue.remove(batch.removed)
            queue.add(batch.saved)
            deliveries = queue
            reading = (findings.position, judge)
            for alert in batch.alerts { office.tally.count(alert: alert.event) }
            guard !batch.removed.isEmpty else { return }
            office.tally.count(.dropped, batch.removed.count)
            log.warning("notices dropped", metadata: ["count": "\(batch.removed.count)"])
        }

        private var sources: NoticeJudge.Sources {
            let office = office
            return NoticeJudge.Sources(
                key: { (id) throws(StorageError) in try office.store.record(id: id) },
                keyLimits: { id in (try? office.engine.usage(ofKey: id))?.limits },
                groupLimits: { id in (try? office.engine.usage(ofGroup: id))?.limits },
                now: { office.engine.time.now().wall }
            )
        }

        // MARK: Sending

        /// Sends what is due, to every receiver that nothing is on its way to.
        private func send() {
            // Whatever is taken is out then, dropped, or due later: there is an end to it.
            while !isOver {
                let now = office.engine.time.now().wall
                let due = deliveries?.take(at: now, limit: Round.sendLimit) ?? []
                if due.isEmpty { break }
                for delivery in due { send(delivery) }
            }
            office.tally.setQueued(deliveries?.count ?? 0)
        }

        private func send(_ delivery: Delivery) {
            do {
                guard let message = try office.message(of: delivery) else {
                    drop(delivery)
                    return
                }
                let client = office.client
                Task {
                    let result = await client.send(message)
                    self.queue.async {
                        self.finish(delivery, self.confirmed(result, delivery, at: message.url))
                        self.send()
                    }
                }
            } catch {
                finish(delivery, .failed(nil, "The destination cannot be read."))
            }
        }

        private func drop(_ delivery: Delivery) {
            deliveries?.withdraw(delivery)
            office.tally.count(.dropped)
            var batch = NoticeBatch()
            batch.removed = [delivery.sequence]
            write(batch)
        }

        /// What came of an attempt, once a receiver that is gone is sent nothing any more.
        ///
        /// One that is elsewhere since the notice was sent, or that could not be disabled, is not
        /// gone: it is tried again.
        private func confirmed(
            _ result: DeliveryQueue.Result,
            _ delivery: Delivery,
            at url: String
        ) -> DeliveryQueue.Result {
            guard result == .gone else { return result }
            do {
                guard try office.disable(delivery.destination, at: url) else {
                    return .failed(410, "The receiver was gone where the webhook was before.")
                }
                log.notice("webhook disabled", metadata: ["id": "\(delivery.destination)"])
                return .gone
            } catch {
                report("\(error)")
                return .failed(410, "The receiver is gone; that cannot be written down now.")
            }
        }

        private func finish(_ delivery: Delivery, _ result: DeliveryQueue.Result) {
            let now = office.engine.time.now().wall
            let chance = Double.random(in: 0..<1)
            guard let step = deliveries?.finish(delivery, result, at: now, chance: chance) else {
                return
            }
            var batch = NoticeBatch()
            batch.attempts = [(delivery.destination, step.attempt)]
            batch.removed = step.removed
            if let retry = step.retry { batch.saved = [retry] }
            write(batch)
            switch step.attempt.outcome {
            case .delivered: office.tally.count(.delivered)
            case .retrying: office.tally.count(.retrying)
            case .failed: office.tally.count(.failed)
            }
            if step.isGone { office.tally.count(.dropped, step.removed.count - 1) }
        }

        /// Writes what came of deliveries; what cannot be written is sent again after a start.
        private func write(_ batch: NoticeBatch) {
            do { try office.store.write(batch) } catch { report("\(error)") }
        }

        /// Says what is wrong when it is something new.
        private func report(_ text: String) {
            if text != problem { log.error("notices", metadata: ["reason": "\(text)"]) }
            problem = text
        }
    }
}
