internal import TollgateCore
internal import TollgateEngine

/// The counters that a projection has at hand: those that have changed since the last snapshot, and
/// others that were in use lately.
///
/// Side by side in arrays: a dictionary of values as large as these would be half empty.
struct CounterTable {
    private var places: [SubjectID: UInt32] = [:]
    private var subjects: [SubjectID] = []
    private var counters: ContiguousArray<Counters> = []
    private var isChanged: [Bool] = []

    /// How many have changed.
    private(set) var changedCount = 0

    /// How many there are.
    var count: Int { subjects.count }

    func contains(_ subject: SubjectID) -> Bool { places[subject] != nil }

    /// Makes room for so many more.
    mutating func reserve(_ more: Int) {
        places.reserveCapacity(count + more)
        subjects.reserveCapacity(count + more)
        counters.reserveCapacity(count + more)
        isChanged.reserveCapacity(count + more)
    }

    /// Adds what a subject has, which must not be there yet.
    mutating func insert(_ subject: SubjectID, _ value: Counters) {
        places[subject] = UInt32(truncatingIfNeeded: subjects.count)
        subjects.append(subject)
        counters.append(value)
        isChanged.append(false)
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
        if let known = places[subject] {
            place = Int(known)
        } else {
            place = subjects.count
            insert(subject, try load(subject) ?? Counters())
        }
        if !isChanged[place] {
            isChanged[place] = true
            changedCount += 1
        }
        change(&counters[place])
    }

    /// Calls with everything that has changed, in the order of subjects.
    func forEachChange(
        _ body: (SubjectID, borrowing Counters) throws(StorageError) -> Void
    ) throws(StorageError) {
        var order: [(subject: SubjectID, place: Int)] = []
        order.reserveCapacity(changedCount)
        for place in subjects.indices where isChanged[place] {
            order.append((subjects[place], place))
        }
        order.sort { $0.subject < $1.subject }
        for (subject, place) in order { try body(subject, counters[place]) }
    }

    /// Notes that all changes are kept elsewhere now.
    ///
    /// - Parameter limit: when there are more than so many, only those that had changed stay.
    mutating func changesWereKept(limit: Int) {
        if count > limit {
            var smaller = CounterTable()
            if changedCount <= limit {
                for place in subjects.indices where isChanged[place] {
                    smaller.insert(subjects[place], counters[place])
                }
            }
            self = smaller
        }
        for place in isChanged.indices { isChanged[place] = false }
        changedCount = 0
    }
}
