internal import TollgateCore
internal import TollgateWire

/// The body of `/authz/v1/settle`: one record, a list of them, or `{"usage":[…]}`.
///
/// A record is `tollgate.v1.SettleRequest` in JSON: `{"reservation_id","model","provider",
/// "supplier","region","input_tokens","output_tokens","cached_input_tokens","status","latency_ms",
/// "cancelled"}`, of which the first is required. Everything is read before anything is settled:
/// a report with something wrong in it changes nothing.
struct UsageReport {
    /// The most records of one report.
    static let recordLimit = 1000

    private(set) var records: [UsageRecord] = []
    /// Whether it came as a list, so that it is answered by one.
    private(set) var isList = false

    /// Reads a body.
    init(_ body: Span<UInt8>, _ scratch: inout TextBuffer) throws(HTTPProblem) {
        var fields = JSONFields()
        switch try fields.kind(body) {
        case .array: try readList(body, &fields, &scratch, isInUsage: false)
        case .object:
            if try UsageReport.holdsList(body) {
                try readUsage(body, &fields, &scratch)
            } else {
                records.append(try UsageRecord(body, &fields, &scratch))
            }
        case .string, .number, .word: throw HTTPProblem(.notObject)
        }
        guard fields.isAtEnd(body) else { throw HTTPProblem(.notJSON) }
    }

    /// Whether an object has a field `usage`.
    private static func holdsList(_ body: Span<UInt8>) throws(HTTPProblem) -> Bool {
        var fields = JSONFields()
        var holdsList = false
        try fields.readObject(body) { (fields, name) throws(HTTPProblem) in
            if JSONEscapes.equal(body, name, "usage") { holdsList = true }
            try fields.skip(body)
        }
        return holdsList
    }

    private mutating func readUsage(
        _ body: Span<UInt8>,
        _ fields: inout JSONFields,
        _ scratch: inout TextBuffer
    ) throws(HTTPProblem) {
        try fields.readObject(body) { (fields, name) throws(HTTPProblem) in
            guard JSONEscapes.equal(body, name, "usage") else {
                throw HTTPProblem(.unknown, unknownName: name.range)
            }
            guard !isList else { throw HTTPProblem(.repeated, "usage") }
            guard try fields.kind(body) == .array else { throw HTTPProblem(.wrongType, "usage") }
            try readList(body, &fields, &scratch, isInUsage: true)
        }
    }

    private mutating func readList(
        _ body: Span<UInt8>,
        _ fields: inout JSONFields,
        _ scratch: inout TextBuffer,
        isInUsage: Bool
    ) throws(HTTPProblem) {
        isList = true
        try fields.take(UInt8(ascii: "["), body)
        if try fields.takes(UInt8(ascii: "]"), body) { return }
        repeat {
            guard records.count < UsageReport.recordLimit else {
                throw HTTPProblem(.tooManyRecords)
            }
            do {
                records.append(try UsageRecord(body, &fields, &scratch))
            } catch {
                var problem = error
                problem.record = (records.count, isInUsage)
                throw problem
            }
        } while try fields.takes(UInt8(ascii: ","), body)
        try fields.take(UInt8(ascii: "]"), body)
    }
}

/// One record: what a request really used.
struct UsageRecord {
    /// `.none` when what is named cannot be an id of ours, as one that never existed.
    private(set) var reservation = ReservationID.none
    /// What is named, as it stands in the body.
    private(set) var name: Range<Int>?
    private var texts = [4 of Range<Int>](repeating: 0..<0)
    private var counts = [3 of UInt64](repeating: 0)
    private var status: UInt16 = 0
    private var latency: UInt32 = 0
    private var isCancelled = false
    private var seen: UInt16 = 0

    /// Reads a record and checks that it can be settled.
    init(
        _ body: Span<UInt8>,
        _ fields: inout JSONFields,
        _ scratch: inout TextBuffer
    ) throws(HTTPProblem) {
        guard try fields.kind(body) == .object else { throw HTTPProblem(.wrongType) }
        try fields.readObject(body) { (fields, name) throws(HTTPProblem) in
            try readField(name, body, &fields)
        }
        guard name != nil else { throw HTTPProblem(.missing, "reservation_id") }
        var settlement = Settlement()
        try fill(&settlement, body, &scratch)
    }

    private mutating func readField(
        _ name: JSONScanner.StringRange,
        _ body: Span<UInt8>,
        _ fields: inout JSONFields
    ) throws(HTTPProblem) {
        guard
            let place = UsageRecord.names.firstIndex(where: {
                JSONEscapes.equal(body, name, $0)
            })
        else { throw HTTPProblem(.unknown, unknownName: name.range) }
        let known = UsageRecord.names[place]
        guard seen & 1 << UInt16(place) == 0 else { throw HTTPProblem(.repeated, known) }
        seen |= 1 << UInt16(place)
        switch place {
        case 0...3: texts[place] = try fields.text(known, body)?.range ?? 0..<0
        case 4...6: counts[place - 4] = try fields.count(known, upTo: Charge.highestTokens, body)
        case 7: status = try UsageRecord.status(try fields.count(known, upTo: 999, body))
        case 8: latency = UInt32(clamping: try fields.count(known, upTo: UInt64(UInt32.max), body))
        case 9: isCancelled = try fields.flag(known, body)
        default:
            guard let range = try fields.text(known, body)?.range else { return }
            guard !range.isEmpty else { throw HTTPProblem(.badValue, known) }
            self.name = range
            reservation = ReservationID(body.extracting(range)) ?? .none
        }
    }

    /// The names of the fields, those of texts first, in the order of `Settlement.Field`.
    private static let names: [StaticString] = [
        "model", "provider", "supplier", "region", "input_tokens", "output_tokens",
        "cached_input_tokens", "status", "latency_ms", "cancelled", "reservation_id",
    ]

    private static func status(_ value: UInt64) throws(HTTPProblem) -> UInt16 {
        guard value == 0 || value >= 100 else { throw HTTPProblem(.badValue, "status") }
        return UInt16(clamping: value)
    }

    /// Fills an empty settlement.
    func fill(
        _ settlement: inout Settlement,
        _ body: Span<UInt8>,
        _ scratch: inout TextBuffer
    ) throws(HTTPProblem) {
        settlement.reservation = reservation
        settlement.tokens = TokenCounts(
            input: counts[0],
            cachedInput: counts[2],
            output: counts[1]
        )
        settlement.status = status
        settlement.latency = latency
        settlement.isCancelled = isCancelled
        for field in Settlement.Field.allCases {
            scratch.removeAll()
            guard
                JSONEscapes.resolve(body, texts[field.rawValue], into: &scratch),
                settlement.append(field, scratch.bytes)
            else { throw HTTPProblem(.badText, UsageRecord.names[field.rawValue]) }
        }
    }
}
