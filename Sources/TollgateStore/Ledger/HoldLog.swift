internal import TollgateCore
internal import TollgateEngine

/// The log of holds in the database: rows of entries that say, in order, which holds began and how
/// they ended.
///
/// A row's key is the position of the journal's last block that it includes (8 bytes), whether it is
/// part of a log that was written anew at that position (1), and its number (4), all big-endian.
/// Rows behind the ledger's position do not count yet, those before its base do not any more.
enum HoldLog {
    /// What the entries of a row are.
    enum Kind: UInt8 {
        /// Holds that began: `HoldCodec`.
        case begun = 1
        /// Holds that began in an earlier row and have expired: reservation, what counts of it.
        case expired = 2
        /// Reservations that were settled: reservation (16), cost (8).
        case settled = 3
        /// Reservations that were withdrawn: reservation (16).
        case withdrawn = 4
    }

    /// A row that is being written is ended when it has so many bytes.
    static let rowLimit = 64 << 10

    /// The key of a row.
    static func key(_ position: UInt64, isBase: Bool, _ number: UInt32) -> [UInt8] {
        var writer = ByteWriter(capacity: 13)
        writer.appendBigEndian(position)
        writer.append(UInt8(isBase ? 1 : 0))
        writer.appendBigEndian(number)
        return writer.bytes
    }

    /// The key of the first row that counts.
    static func start(_ size: HoldLogSize) -> [UInt8] {
        size.base == 0 ? [] : key(size.base, isBase: true, 0)
    }

    /// Calls with each row that counts, in order.
    ///
    /// - Parameters:
    ///   - size: which part of the log counts.
    ///   - position: the last position that counts.
    ///   - snapshot: where to read.
    ///   - body: gets the row's head, and a reader that is at its first entry.
    /// - Throws: `.corrupt` when a row is damaged, or what the body throws.
    static func forEachRow(
        _ size: HoldLogSize,
        upTo position: UInt64,
        in snapshot: Snapshot,
        _ body: (HoldLogRow, inout ByteReader) throws(StorageError) -> Void
    ) throws(StorageError) {
        var iterator = snapshot.iterator(over: .holds)
        var isThere = try iterator.seek(to: start(size).span)
        while isThere {
            var key = ByteReader(iterator.key, "the key of a row of holds")
            let last: UInt64 = try key.bigEndian()
            guard last <= position else { return }
            // A log may just be written anew at this position, and does not count yet.
            let isBase: UInt8 = try key.number()
            if isBase == 0 || last == size.base {
                var reader = ByteReader(iterator.value, "a row of holds")
                let row = try HoldLogRow(&reader)
                try body(row, &reader)
            }
            isThere = try iterator.next()
        }
    }
}

/// What the entries of one row have in common.
struct HoldLogRow: Equatable {
    private static let version: UInt8 = 1

    var kind: HoldLog.Kind
    /// When all of it had happened.
    var time: WallTime
    var count: UInt32

    init(_ kind: HoldLog.Kind, _ time: WallTime, count: UInt32 = 0) {
        self.kind = kind
        self.time = time
        self.count = count
    }

    fileprivate init(_ reader: inout ByteReader) throws(StorageError) {
        let version: UInt8 = try reader.number()
        let kind = HoldLog.Kind(rawValue: try reader.number())
        time = WallTime(milliseconds: try reader.number())
        count = try reader.number()
        guard version == HoldLogRow.version, let kind else { throw reader.damaged() }
        self.kind = kind
    }

    fileprivate func write(to writer: inout ByteWriter) {
        writer.append(HoldLogRow.version)
        writer.append(kind.rawValue)
        writer.append(time.milliseconds)
        writer.append(count)
    }
}

/// Writes entries into rows.
struct HoldLogWriter: ~Copyable {
    typealias Emit = (Span<UInt8>, Span<UInt8>) throws(StorageError) -> Void

    private let position: UInt64
    private let isBase: Bool
    private var number: UInt32 = 0
    private var row: HoldLogRow?
    private var entries = ByteWriter(capacity: HoldLog.rowLimit + 1024)

    /// How many holds that began were written, how many ends of holds, and how many rows.
    private(set) var begunCount: UInt64 = 0
    private(set) var endingCount: UInt64 = 0
    private(set) var rowCount: UInt64 = 0

    /// Begins to write rows.
    ///
    /// - Parameters:
    ///   - position: the last position that they include.
    ///   - isBase: whether they take the place of all earlier ones.
    init(_ position: UInt64, isBase: Bool) {
        self.position = position
        self.isBase = isBase
    }

    /// Writes one entry.
    ///
    /// - Parameters:
    ///   - kind: what it is.
    ///   - time: when it happened.
    ///   - emit: stores a row.
    ///   - write: appends the entry.
    /// - Throws: what `emit` throws.
    mutating func add(
        _ kind: HoldLog.Kind,
        at time: WallTime,
        _ emit: Emit,
        _ write: (inout ByteWriter) -> Void
    ) throws(StorageError) {
        if let row, row.kind != kind || row.time != time || entries.count >= HoldLog.rowLimit {
            try finish(emit)
        }
        write(&entries)
        row = HoldLogRow(kind, time, count: (row?.count ?? 0) + 1)
        if kind == .begun { begunCount += 1 } else { endingCount += 1 }
    }

    /// Ends the last row.
    mutating func finish(_ emit: Emit) throws(StorageError) {
        guard let row else { return }
        var value = ByteWriter(capacity: entries.count + 14)
        row.write(to: &value)
        value.append(entries.span)
        let key = HoldLog.key(position, isBase: isBase, number)
        try emit(key.span, value.span)
        number += 1
        rowCount += 1
        self.row = nil
        entries.removeAll()
    }
}

extension HoldLogWriter {
    /// Writes what became of holds.
    mutating func add(
        _ fold: HoldFold,
        at time: WallTime,
        _ emit: Emit
    ) throws(StorageError) {
        try fold.forEachBegun { (hold) throws(StorageError) in
            let stored = StoredHold(hold: hold, expiredAt: hold.isOpen ? nil : time)
            try add(.begun, at: time, emit) { HoldCodec.write(stored, to: &$0) }
        }
        try fold.forEachExpired { (id, counted) throws(StorageError) in
            try add(.expired, at: time, emit) { writer in
                writer.append(id.rawValue)
                writer.append(counted)
            }
        }
        for settled in fold.settled { try add(settled, at: time, emit) }
        for id in fold.withdrawn {
            try add(.withdrawn, at: time, emit) { $0.append(id.rawValue) }
        }
        try finish(emit)
    }
}

extension HoldLogWriter {
    /// Writes everything that still matters of an older log.
    ///
    /// - Parameters:
    ///   - census: of the log.
    ///   - time: now; when a hold began, its entry says.
    ///   - emit: stores a row.
    /// - Throws: what reading the log or `emit` throws.
    mutating func add(
        _ census: HoldCensus,
        at time: WallTime,
        _ emit: Emit
    ) throws(StorageError) {
        try census.forEachPending { (stored) throws(StorageError) in
            try add(.begun, at: time, emit) { HoldCodec.write(stored, to: &$0) }
        }
        try census.forEachSettled { (settled, settledAt) throws(StorageError) in
            try add(settled, at: settledAt, emit)
        }
        try finish(emit)
    }

    private mutating func add(
        _ settled: SettledReservation,
        at time: WallTime,
        _ emit: Emit
    ) throws(StorageError) {
        try add(.settled, at: time, emit) { writer in
            writer.append(settled.reservation.rawValue)
            writer.append(settled.cost.nanos)
        }
    }
}
