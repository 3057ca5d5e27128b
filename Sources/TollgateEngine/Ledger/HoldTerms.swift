internal import TollgateCore

/// What many holds have in common: what they were charged to, and the model's price.
struct HoldTerms: Equatable, Sendable {
    let windows: [4 of WindowIDs]
    let refills: [4 of UInt64]
    let price: ModelPrice?

    init(_ hold: Hold) {
        windows = hold.windows
        refills = hold.refills
        price = hold.price
    }

    static func == (left: HoldTerms, right: HoldTerms) -> Bool {
        for level in 0..<4
        where left.windows[level] != right.windows[level]
            || left.refills[level] != right.refills[level]
        { return false }
        return left.price == right.price
    }

    /// Equal for equal terms.
    fileprivate var digest: UInt128 {
        var digest: UInt64 = price.map { $0.input &* 31 &+ $0.output } ?? 0
        for level in 0..<4 {
            for place in 0..<4 {
                let number = UInt64(bitPattern: Int64(windows[level].number(place)))
                digest = HoldTerms.mixed(digest, number)
            }
            digest = HoldTerms.mixed(digest, refills[level])
        }
        return UInt128(digest)
    }

    private static func mixed(_ digest: UInt64, _ number: UInt64) -> UInt64 {
        let product = (digest ^ number) &* 0x9E37_79B9_7F4A_7C15
        return product ^ product >> 29
    }
}

/// The terms of some holds, each once.
///
/// A turn's holds have few different ones, and they change once an hour.
struct TermsTable: Sendable {
    private struct Entry: Sendable {
        let terms: HoldTerms
        /// How many holds have them.
        var uses: Int
    }

    private var places = PlaceTable()
    private var entries = Slab<Entry>()
    private var last: Int?

    /// The place of some terms, which one more hold has now.
    mutating func use(_ terms: HoldTerms) -> UInt32 {
        let place = find(terms)
        entries[place].uses += 1
        last = place
        return UInt32(truncatingIfNeeded: place)
    }

    /// Notes that one hold less has the terms at a place.
    mutating func release(_ number: UInt32) {
        let place = Int(number)
        entries[place].uses -= 1
        guard entries[place].uses == 0 else { return }
        if last == place { last = nil }
        places.remove(entries[place].terms.digest, at: place)
        entries.remove(at: place)
    }

    /// The terms at a place.
    subscript(_ number: UInt32) -> HoldTerms { entries[Int(number)].terms }

    private mutating func find(_ terms: HoldTerms) -> Int {
        if let last, entries[last].terms == terms { return last }
        let digest = terms.digest
        if let place = places.place(of: digest, { entries[$0].terms == terms }) { return place }
        let place = entries.insert(Entry(terms: terms, uses: 0))
        places.insert(digest, at: place)
        return place
    }
}
