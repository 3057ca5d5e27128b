internal import TollgateCore

/// What is known of some reservations, in the order in which they came.
struct ReservationList<Value: Sendable>: Sendable {
    private struct Entry: Sendable {
        let id: ReservationID
        /// Nil when it was taken out.
        var value: Value?
    }

    private var places = PlaceTable()
    private var entries: ContiguousArray<Entry> = []

    /// How many there are.
    var count: Int { places.count }

    /// Adds a reservation, or gives it another value.
    mutating func put(_ id: ReservationID, _ value: Value) {
        if let place = place(of: id) {
            entries[place].value = value
        } else {
            places.insert(id.rawValue, at: entries.count)
            entries.append(Entry(id: id, value: value))
        }
    }

    /// Takes a reservation out, if it is there.
    mutating func remove(_ id: ReservationID) {
        guard let place = place(of: id) else { return }
        entries[place].value = nil
        places.remove(id.rawValue, at: place)
    }

    /// Changes a value in its place; false when it is not there.
    mutating func change(_ id: ReservationID, _ body: (inout Value?) -> Void) -> Bool {
        guard let place = place(of: id) else { return false }
        body(&entries[place].value)
        return true
    }

    /// Takes everything out, and keeps the memory.
    mutating func removeAll() {
        places.removeAll()
        entries.removeAll(keepingCapacity: true)
    }

    /// Calls with each, in order.
    func forEachEntry(
        _ body: (ReservationID, borrowing Value) throws(StorageError) -> Void
    ) throws(StorageError) {
        for index in entries.indices {
            if let value = entries[index].value { try body(entries[index].id, value) }
        }
    }

    private func place(of id: ReservationID) -> Int? {
        places.place(of: id.rawValue) { entries[$0].id == id }
    }
}
