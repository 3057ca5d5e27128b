internal import TollgateCore
internal import TollgateEngine

/// The counters that a projection has at hand: those that have changed since the last snapshot, and
/// others that were in use lately.
///
/// Side by side in pieces that never move: a dictionary of values as large as these would be half
/// empty, and would copy them all whenever it grows.
struct CounterTable: Sendable {
    private struct Entry: Sendable {
        let subject: SubjectID
        /// In which round it was changed last.
        var round: UInt64 = 0
        var counters: Counters
    }

    /// How many entries a piece has, as a power of two.
    private static let pieceShift = 8

    private var places = PlaceTable()
    private var pieces: [ContiguousArray<Entry>] = []

    /// What was changed in an earlier round, is kept elsewhere.
    private var round: UInt64 = 1

    /// How many have changed.
    private(set) var changedCount = 0

    /// How many there are.
    private(set) var count = 0

    /// Makes sure that a subject is there.
    ///
    /// - Returns: its place when it is new, for `fill`; it has nothing until then.
    mutating func add(_ subject: SubjectID) -> Int? {
        if place(of: subject) != nil { return nil }
        return insert(subject, Counters())
    }

    /// Gives a subject what it has, before anything has changed it.
    mutating func fill(_ place: Int, _ counters: Counters) {
        let piece = place >> CounterTable.pieceShift
        pieces[piece][place & CounterTable.pieceMask].counters = counters
    }

    /// What a subject has; nil when it is not there.
    func counters(of subject: SubjectID) -> Counters? {
        place(of: subject).map { counters(at: $0) }
    }

    /// Changes what a subject has.
    ///
    /// - Parameters:
    ///   - subject: the subject.
    ///   - load: what it has when it is not there; nil for nothing.
    ///   - change: what happens to it.
    /// - Throws: what `load` throws; nothing has changed then.
    mutating func change(
        _ subject: SubjectID,
        load: (SubjectID) throws(StorageError) -> Counters?,
        _ change: (inout Counters) -> Void
    ) throws(StorageError) {
        let place: Int
        if let known = self.place(of: subject) {
            place = known
        } else {
            place = insert(subject, try load(subject) ?? Counters())
        }
        let piece = place >> CounterTable.pieceShift
        let index = place & CounterTable.pieceMask
        if pieces[piece][index].round != round {
            pieces[piece][index].round = round
            changedCount += 1
        }
        change(&pieces[piece][index].counters)
    }

    /// Calls with everything that has changed, in the order of subjects.
    func forEachChange(
        _ body: (SubjectID, borrowing Counters) throws(StorageError) -> Void
    ) throws(StorageError) {
        var order: [(subject: SubjectID, place: Int)] = []
        order.reserveCapacity(changedCount)
        for place in 0..<count where isChanged(at: place) {
            order.append((subject(at: place), place))
        }
        order.sort { $0.subject < $1.subject }
        for (subject, place) in order { try body(subject, counters(at: place)) }
    }

    /// Notes that all changes are kept elsewhere now.
    ///
    /// - Parameter limit: when there are more than so many, only those that had changed stay.
    mutating func changesWereKept(limit: Int) {
        if count > limit {
            var smaller = CounterTable()
            if changedCount <= limit {
                for place in 0..<count where isChanged(at: place) {
                    _ = smaller.insert(subject(at: place), counters(at: place))
                }
            }
            self = smaller
        }
        // The pieces may be shared, and are not touched for that.
        round += 1
        changedCount = 0
    }

    // MARK: Places

    private static var pieceMask: Int { 1 << pieceShift - 1 }

    // Parts of entries, for a whole one would be copied.

    private func subject(at place: Int) -> SubjectID {
        pieces[place >> CounterTable.pieceShift][place & CounterTable.pieceMask].subject
    }

    private func counters(at place: Int) -> Counters {
        pieces[place >> CounterTable.pieceShift][place & CounterTable.pieceMask].counters
    }

    private func isChanged(at place: Int) -> Bool {
        pieces[place >> CounterTable.pieceShift][place & CounterTable.pieceMask].round == round
    }

    private func place(of id: SubjectID) -> Int? {
        places.place(of: id.rawValue) { subject(at: $0) == id }
    }

    private mutating func insert(_ subject: SubjectID, _ counters: Counters) -> Int {
        let place = count
        if place & CounterTable.pieceMask == 0 {
            var piece = ContiguousArray<Entry>()
            piece.reserveCapacity(1 << CounterTable.pieceShift)
            pieces.append(piece)
        }
        pieces[pieces.count - 1].append(Entry(subject: subject, counters: counters))
        places.insert(subject.rawValue, at: place)
        count += 1
        return place
    }
}
