package import TollgateCore

/// What would be decided on a request, and why.
package struct Simulation: Sendable {
    package let verdict: Verdict
    /// What is left of the key's limits before the request, the tightest first.
    package let limits: LimitReport
    /// How the decision comes about, one line for each check.
    package let explanation: [String]
    /// The key's content rules; nil when it has none.
    package let contentRules: ContentRules?

    /// Decides by meters that are nobody else's.
    fileprivate init(
        _ request: borrowing CheckRequest,
        by subject: DecisionSubject,
        _ price: RequestPrice,
        _ supplier: RequestSupplier,
        at now: Now
    ) {
        explanation = Decide.explanation(
            of: request,
            by: subject,
            price: price,
            supplier: supplier,
            at: now
        )
        contentRules = subject.rules.content
        verdict = Decide.verdict(
            on: request,
            by: subject,
            price: price,
            supplier: supplier,
            at: now,
            reservation: .none
        )
        var report = LimitReport()
        report.read(subject.chain, at: now, denied: verdict.limit)
        limits = report
    }
}

extension Engine {
    /// Decides on a request as if a key had asked; counts, holds and records nothing.
    ///
    /// Copies of the key's meters are asked, so that another time than now can be meant: calendar
    /// windows are those of then, and rates have refilled until then. What is open stays open.
    ///
    /// - Parameters:
    ///   - request: the question; its secret does not matter. What follows from its supplier is
    ///     filled in.
    ///   - id: the key.
    ///   - time: when it is asked; nil for now, and so is what is over.
    ///   - content: the one text that is in it; nil when that is not told.
    /// - Returns: nil when there is no such key.
    /// - Throws: when nothing can be decided now.
    package func simulate(
        _ request: inout CheckRequest,
        by id: KeyID,
        at time: WallTime?,
        content: String? = nil
    ) throws(EngineError) -> Simulation? {
        let (books, prices, suppliers) = turnBasis
        guard books.areSound else { throw .storage(.unwritable) }
        let now = self.time.now().moved(to: time)
        let price = prices.price(of: request)
        for _ in 0..<Books.patience {
            guard let key = try books.keys.key(id) else { return nil }
            let subject = key.account.withLock { () -> DecisionSubject? in
                guard key.isUsable else { return nil }
                return DecisionSubject(rules: key.rules, chain: key.chain.copy())
            }
            if let subject {
                request.content = RequestContent(content, subject.rules.content)
                let (supplier, _) = suppliers.direct(&request, by: subject, prices.models)
                return Simulation(request, by: subject, price, supplier, at: now)
            }
            try books.keys.reload(id)
        }
        throw .overloaded
    }
}

extension RequestContent {
    /// What is known of a request of which one text is told, or none.
    fileprivate init(_ text: String?, _ rules: ContentRules?) {
        guard let text, let rules else {
            self = .untold
            return
        }
        var scan = ContentScan(by: rules)
        scan.beginText()
        scan.read(Array(text.utf8).span)
        scan.endTexts()
        self = .read(ContentFindings(scan, isWhole: true))
    }
}

extension Now {
    /// Both clocks as they will stand at a time; as they stand when that is over.
    fileprivate func moved(to time: WallTime?) -> Now {
        guard let time, time > wall else { return self }
        let wait = time.milliseconds.addingSaturated(wall.milliseconds.negatedSaturated)
        let (nanoseconds, overflow) = wait.multipliedReportingOverflow(by: 1_000_000)
        let end = monotonic.nanoseconds.addingSaturated(overflow ? .max : nanoseconds)
        return Now(wall: time, monotonic: MonotonicTime(nanoseconds: end))
    }
}
