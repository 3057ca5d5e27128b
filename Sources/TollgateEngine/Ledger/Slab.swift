/// Elements of one size in pieces that never move; the room of those that leave is used again.
///
/// Grows by a piece at a time: no copy of everything, and no half that is empty.
struct Slab<Element: Sendable>: Sendable {
    /// How many elements a piece has, as a power of two.
    private static var shift: Int { 6 }
    private static var mask: Int { 1 << shift - 1 }

    private var pieces: [ContiguousArray<Element>] = []
    private var free: [UInt32] = []

    /// How many elements there are.
    private(set) var count = 0

    init() {}

    /// Adds an element.
    ///
    /// - Returns: its place, until it is removed.
    mutating func insert(_ element: Element) -> Int {
        count += 1
        if let place = free.popLast().map(Int.init) {
            self[place] = element
            return place
        }
        let place = count - 1
        if place & Slab.mask == 0 {
            var piece = ContiguousArray<Element>()
            piece.reserveCapacity(1 << Slab.shift)
            pieces.append(piece)
        }
        pieces[pieces.count - 1].append(element)
        return place
    }

    /// Gives an element's place to others.
    mutating func remove(at place: Int) {
        free.append(UInt32(truncatingIfNeeded: place))
        count -= 1
    }

    /// The element at a place that is taken.
    subscript(_ place: Int) -> Element {
        _read { yield pieces[place >> Slab.shift][place & Slab.mask] }
        _modify { yield &pieces[place >> Slab.shift][place & Slab.mask] }
    }
}
