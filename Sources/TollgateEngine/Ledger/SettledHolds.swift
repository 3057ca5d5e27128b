internal import TollgateCore

/// The reservations that were settled last, as many as there is room for.
struct SettledHolds: Sendable {
    private struct Entry: Sendable {
        let reservation: ReservationID
        let cost: Money
        /// Who has settled it in a turn that is not in the journal yet.
        var loop: UInt32?
    }

    private var places = PlaceTable()
    /// A ring, once there are as many as there is room for.
    private var entries: ContiguousArray<Entry> = []
    /// Where the next one goes then: in the place of the oldest.
    private var oldest = 0
    private let limit: Int

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Adds a reservation; the oldest leaves when there is no room for it.
    mutating func insert(_ reservation: ReservationID, cost: Money, by loop: UInt32?) {
        let entry = Entry(reservation: reservation, cost: cost, loop: loop)
        if let place = place(of: reservation) {
            entries[place] = entry
            return
        }
        let place = entries.count < limit ? entries.count : oldest
        if place == entries.count {
            entries.append(entry)
        } else {
            places.remove(entries[place].reservation.rawValue, at: place)
            entries[place] = entry
            oldest = place + 1 == limit ? 0 : place + 1
        }
        places.insert(reservation.rawValue, at: place)
    }

    /// What was settled, and by whom if that is not in the journal yet; nil when it is not known.
    func find(_ reservation: ReservationID) -> (cost: Money, loop: UInt32?)? {
        place(of: reservation).map { (entries[$0].cost, entries[$0].loop) }
    }

    /// Notes that it is in the journal.
    mutating func recorded(_ reservation: ReservationID) {
        if let place = place(of: reservation) { entries[place].loop = nil }
    }

    private func place(of reservation: ReservationID) -> Int? {
        places.place(of: reservation.rawValue) { entries[$0].reservation == reservation }
    }
}
