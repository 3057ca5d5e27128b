/// A report of what a request really used: one question of `Settle`, in memory that is used again.
package struct Settlement: ~Copyable {
    /// How a hold ended.
    ///
    /// The raw value is what the journal stores.
    package enum Ending: UInt8, CaseIterable, Sendable {
        /// It was settled in time.
        case applied = 1
        /// It was settled after it had expired.
        case late = 2
        /// Nobody settled it in time.
        case expired = 3
        /// Its answer never left, so there was no request.
        case withdrawn = 4
    }

    /// The longest text that is taken, in bytes.
    package static let textLimit = 256

    /// The texts of a report, in the order in which the journal stores them.
    package enum Field: Int, CaseIterable, Sendable {
        case model
        case provider
        case supplier
        case region
    }

    package var reservation = ReservationID.none
    package var tokens = TokenCounts(input: 0, output: 0)
    /// The HTTP status of the service behind the proxy; 0 when it is not known.
    package var status: UInt16 = 0
    /// In milliseconds.
    package var latency: UInt32 = 0
    package var isCancelled = false

    package private(set) var lengths = [4 of UInt16](repeating: 0)
    package private(set) var text = TextBuffer(capacity: 4 * textLimit)

    /// An empty report.
    package init() {}

    /// Makes the report empty again.
    package mutating func reset() {
        reservation = .none
        tokens = TokenCounts(input: 0, output: 0)
        status = 0
        latency = 0
        isCancelled = false
        lengths = [4 of UInt16](repeating: 0)
        text.removeAll()
    }

    /// Appends the text of the next field: fields must be set in their order, each once.
    ///
    /// - Returns: false when the text is too long or no text.
    package mutating func append(_ field: Field, _ bytes: Span<UInt8>) -> Bool {
        guard bytes.count <= Settlement.textLimit, Text.isValid(bytes) else { return false }
        guard text.append(bytes) != nil else { return false }
        lengths[field.rawValue] = UInt16(bytes.count)
        return true
    }

    /// The text of the model that was billed; empty when it is the one that was asked for.
    package var model: Span<UInt8> {
        @_lifetime(borrow self)
        get { text.bytes.extracting(0..<Int(lengths[0])) }
    }

    /// Whether nothing was used, so that the whole hold is given back: a cancellation or an error
    /// of the service behind, without any tokens.
    package var isVoid: Bool {
        tokens.input == 0 && tokens.output == 0 && tokens.cachedInput == 0
            && (isCancelled || status >= 400)
    }
}

/// What somebody who settles gets to know.
package struct SettlementOutcome: Equatable, Sendable {
    /// What became of the report.
    package enum Kind: Equatable, Sendable {
        case applied
        /// An earlier report counts; this is its answer.
        case duplicate
        /// The hold had expired; what was used counts instead of what the expiry left.
        case late
    }

    package let kind: Kind
    package let cost: Money

    package init(_ kind: Kind, cost: Money) {
        self.kind = kind
        self.cost = cost
    }
}
