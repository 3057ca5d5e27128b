internal import TollgateCore

/// A pending hold as the hold table keeps it: what it shares with others is kept once, elsewhere.
struct PendingHold: Sendable {
    let reservation: ReservationID
    private let subjects: [4 of SubjectID]
    private let amounts: Amounts
    private let inputTokens: UInt64
    private let chargedAt: Now
    private var counted: Amounts
    /// Where its terms are.
    let terms: UInt32
    /// Who lets it expire in a turn that is not in the journal yet; zero for nobody.
    var endingLoop: UInt32 = 0
    /// The queue that it waits in, if any, and its neighbours there.
    var link = HoldQueue.Link()
    private(set) var isOpen: Bool

    init(_ hold: LedgerHold, terms: UInt32) {
        reservation = hold.reservation
        subjects = hold.subjects
        amounts = hold.hold.amounts
        inputTokens = hold.hold.inputTokens
        chargedAt = hold.hold.chargedAt
        counted = hold.counted
        isOpen = hold.isOpen
        self.terms = terms
    }

    /// Ends its time.
    mutating func expire(leaving counted: Amounts, by loop: UInt32) {
        isOpen = false
        self.counted = counted
        endingLoop = loop
    }

    /// When it was charged.
    var since: Int64 { chargedAt.monotonic.nanoseconds }

    /// The whole hold.
    func whole(_ terms: HoldTerms) -> LedgerHold {
        var whole = LedgerHold(
            reservation: reservation,
            hold: Hold(
                amounts: amounts,
                inputTokens: inputTokens,
                chargedAt: chargedAt,
                windows: terms.windows,
                refills: terms.refills,
                price: terms.price
            )
        )
        whole.subjects = subjects
        whole.counted = counted
        whole.isOpen = isOpen
        return whole
    }
}

/// Pending holds in the order in which they came: the links are in the holds themselves.
struct HoldQueue: Sendable {
    /// A hold's neighbours, as places plus one; zero for none.
    struct Link: Sendable {
        fileprivate var previous: UInt32 = 0
        fileprivate var next: UInt32 = 0
        fileprivate(set) var isQueued = false
    }

    private var head: UInt32 = 0
    private var tail: UInt32 = 0
    private(set) var count = 0

    /// The place of the oldest; nil when nothing waits.
    var first: Int? { head == 0 ? nil : Int(head) - 1 }

    /// Adds the hold at a place, which is in no queue.
    mutating func append(_ place: Int, in holds: inout Slab<PendingHold>) {
        let number = UInt32(truncatingIfNeeded: place + 1)
        holds[place].link = Link()
        holds[place].link.previous = tail
        holds[place].link.isQueued = true
        if tail == 0 { head = number } else { holds[Int(tail) - 1].link.next = number }
        tail = number
        count += 1
    }

    /// Takes out the hold at a place; nothing happens when it waits in no queue.
    mutating func remove(_ place: Int, in holds: inout Slab<PendingHold>) {
        let link = holds[place].link
        guard link.isQueued else { return }
        if link.previous == 0 {
            head = link.next
        } else {
            holds[Int(link.previous) - 1].link.next = link.next
        }
        if link.next == 0 {
            tail = link.previous
        } else {
            holds[Int(link.next) - 1].link.previous = link.previous
        }
        holds[place].link = Link()
        count -= 1
    }
}
