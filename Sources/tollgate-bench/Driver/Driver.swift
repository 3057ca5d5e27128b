internal import Glibc

/// Makes load with many keys, and reports what some of the requests have used.
///
/// `h2load` can do neither: it sends the same bytes over and over and does not look at answers. Both
/// servers of a comparison get their load from here. Single-threaded, and never waits for the kernel
/// while there is something to do.
final class Driver {
    /// How it went.
    struct Result {
        /// Questions that were asked and answered, reports not included.
        let checks: Int
        let reports: Int
        let seconds: Double
        /// From when a question was due to its answer, in microseconds.
        let latency: Percentiles

        var checksPerSecond: Double { Double(checks) / seconds }
    }

    /// When to ask.
    enum Pace {
        /// As soon as there is an answer to an earlier question, for so long.
        case fullSpeed(seconds: Double)
        /// So often, whether or not answers have come, for so long.
        case rate(perSecond: Double, seconds: Double)
        /// With each of these keys once, in their order.
        case inTurn(Range<Int>)
    }

    private let load: Load
    private let secrets: SecretList
    /// Of how many allowed requests one is reported; 0 for none.
    private let reportInterval: Int
    private let connections: [DriverConnection]
    private var generator = SystemRandomNumberGenerator()
    private var latencies: [UInt32] = []
    private var asked = 0
    private var answered = 0
    private var reports = 0
    /// Which connection is the next to be given something to do.
    private var turn = 0
    /// Reservations that wait for a free call of their connection, by connection.
    private var waiting: [[[UInt8]]]

    /// Connects.
    ///
    /// - Parameters:
    ///   - port: the server's, on this machine.
    ///   - load: how many connections, and how many calls at once on each.
    ///   - question: what to ask.
    ///   - secrets: with which keys; by chance, each as likely as any other.
    ///   - reportInterval: of how many allowed requests one is reported; 0 for none.
    /// - Throws: when it cannot connect.
    init(
        port: Int,
        _ load: Load,
        _ question: Question,
        _ secrets: SecretList,
        reportInterval: Int = 0
    ) throws {
        self.load = load
        self.secrets = secrets
        self.reportInterval = reportInterval
        connections = try (0..<load.connections).map { _ in
            try DriverConnection(port: port, question)
        }
        waiting = Array(repeating: [], count: load.connections)
    }

    /// Asks at a pace, and waits for all answers.
    ///
    /// - Throws: when a request is not allowed or a report not taken.
    func run(_ pace: Pace) throws -> Result {
        latencies.removeAll(keepingCapacity: true)
        (asked, answered, reports) = (0, 0, 0)
        let start = Driver.now
        var polls = connections.map { connection in
            pollfd(fd: connection.socket.descriptor, events: Int16(POLLIN), revents: 0)
        }
        while true {
            let isOver = isOver(pace, since: start)
            let isIdle = connections.allSatisfy(\.calls.isEmpty) && waiting.allSatisfy(\.isEmpty)
            if isOver && isIdle { break }
            try send(pace, since: start, isOver)
            poll(&polls, nfds_t(polls.count), patience(of: pace))
            for (place, poll) in polls.enumerated() where poll.revents != 0 {
                try receive(place)
            }
        }
        return Result(
            checks: answered,
            reports: reports,
            seconds: Double(Driver.now - start) / 1e9,
            latency: Percentiles(latencies)
        )
    }

    // MARK: When

    private func isOver(_ pace: Pace, since start: UInt64) -> Bool {
        switch pace {
        case .fullSpeed(let seconds), .rate(_, let seconds):
            Double(Driver.now - start) >= seconds * 1e9
        case .inTurn(let keys): asked == keys.count
        }
    }

    /// How long to wait for answers, in milliseconds: what is due must not wait for them.
    private func patience(of pace: Pace) -> Int32 {
        if case .rate = pace { return Machine.coreCount > 1 ? 0 : 1 }
        return 1000
    }

    /// Sends what is due, as far as there are free calls.
    private func send(_ pace: Pace, since start: UInt64, _ isOver: Bool) throws {
        let now = Driver.now
        var due = Int.max
        if case .rate(let rate, _) = pace {
            due = Int(Double(now - start) / 1e9 * rate) - asked
        } else if case .inTurn(let keys) = pace {
            due = keys.count - asked
        }
        turn += 1
        for offset in connections.indices {
            let place = (turn + offset) % connections.count
            let connection = connections[place]
            var free = load.streams - connection.calls.count
            while free > 0, let reservation = waiting[place].popLast() {
                connection.report(reservation, at: now)
                free -= 1
            }
            while free > 0, due > 0, !isOver, connection.hasRoom {
                connection.ask(secrets.bytes(nextKey(pace)), dueAt: dueTime(pace, start, now))
                asked += 1
                due -= 1
                free -= 1
            }
            try connection.socket.send()
        }
    }

    private func nextKey(_ pace: Pace) -> Int {
        if case .inTurn(let keys) = pace { return keys.lowerBound + asked }
        return Int.random(in: 0..<secrets.count, using: &generator)
    }

    /// When the next question was due: at a rate not when it is sent, or a server that falls behind
    /// would be asked less.
    private func dueTime(_ pace: Pace, _ start: UInt64, _ now: UInt64) -> UInt64 {
        guard case .rate(let rate, _) = pace else { return now }
        return start + UInt64(Double(asked) / rate * 1e9)
    }

    // MARK: What came back

    private func receive(_ place: Int) throws {
        try connections[place].receive()
        let now = Driver.now
        for call in connections[place].completed {
            if call.isReport {
                reports += 1
                continue
            }
            answered += 1
            latencies.append(UInt32(clamping: (now - min(call.dueAt, now)) / 1000))
            if reportInterval > 0, answered % reportInterval == 0 {
                waiting[place].append(call.reservation)
            }
        }
    }

    /// Nanoseconds of a clock that never goes back.
    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
