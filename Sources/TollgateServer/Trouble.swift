/// Something that goes wrong for a while, so that its beginning and its end are worth a line in the
/// log, and what happens in between is not.
struct Trouble: Equatable, Sendable {
    /// What has changed.
    enum Change: Equatable, Sendable {
        case began
        case ended
    }

    /// How many looks in a row must be good before it is over.
    private static let patience = 10

    private var goodLooks: Int?

    /// Looks again.
    ///
    /// - Parameter isBad: whether it went wrong since the last look.
    /// - Returns: what has changed, if anything has.
    mutating func look(isBad: Bool) -> Change? {
        if isBad {
            defer { goodLooks = 0 }
            return goodLooks == nil ? .began : nil
        }
        guard let looks = goodLooks else { return nil }
        guard looks + 1 >= Trouble.patience else {
            goodLooks = looks + 1
            return nil
        }
        goodLooks = nil
        return .ended
    }
}
