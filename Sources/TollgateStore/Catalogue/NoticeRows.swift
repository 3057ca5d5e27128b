internal import Synchronization
internal import TollgateCore
internal import TollgateEngine
internal import TollgateWire

/// Notices on their way, what came of attempts, alerts, and what was told already.
///
/// Each kind of row has a letter before its key. All but the queue is bounded here; the queue is so by
/// who fills it.
final class NoticeRows: Sendable {
    /// The most attempts that are kept for each destination.
    private static let attemptLimit = 100
    /// The most alerts that are kept.
    private static let alertLimit: UInt64 = 10_000
    /// How many alerts one page looks at.
    private static let scanLimit = 10_000

    private enum Kind: UInt8 {
        case delivery = 0x71  // q
        case attempt = 0x6C  // l
        case alert = 0x61  // a
        case mark = 0x6D  // m
        case position = 0x70  // p

        var first: [UInt8] { [rawValue] }
        /// Before all keys of the next kind.
        var end: [UInt8] { [rawValue + 1] }
    }

    private let database: Database
    private let writing = Mutex(())

    init(_ database: Database) {
        self.database = database
    }

    // MARK: Reading

    func deliveries() throws(StorageError) -> [Delivery] {
        var deliveries: [Delivery] = []
        try forEach(.delivery) { (_, value) throws(StorageError) in
            deliveries.append(
                try NoticeRows.decode { () throws(WireError) in
                    try NoticeCodec.decodeDelivery(value)
                }
            )
        }
        return deliveries
    }

    func marks() throws(StorageError) -> [NoticeSubject: NoticeMark] {
        var marks: [NoticeSubject: NoticeMark] = [:]
        try forEach(.mark) { (key, value) throws(StorageError) in
            marks[try NoticeRows.subject(key)] = try NoticeRows.decode { () throws(WireError) in
                try NoticeCodec.decodeMark(value)
            }
        }
        return marks
    }

    /// The last position of the journal that notices were made of; nil when there is none.
    func position() throws(StorageError) -> UInt64? {
        guard let value = try database.value(of: Kind.position.first.span, in: .notices) else {
            return nil
        }
        var reader = ByteReader(value.bytes, "the position of notices")
        return try reader.number()
    }

    func attempts(
        to destination: NoticeDestination,
        before cursor: UInt64?,
        limit: Int
    ) throws(StorageError) -> NoticePage<DeliveryAttempt> {
        try page(
            NoticeRows.prefix(of: destination),
            before: cursor,
            limit: limit,
            { (bytes) throws(WireError) in try NoticeCodec.decodeAttempt(bytes) },
            where: { _ in true }
        )
    }

    func alerts(
        before cursor: UInt64?,
        limit: Int,
        where isWanted: (Notice) -> Bool
    ) throws(StorageError) -> NoticePage<Notice> {
        try page(
            Kind.alert.first,
            before: cursor,
            limit: limit,
            { (bytes) throws(WireError) in try NoticeCodec.decodeNotice(bytes) },
            where: isWanted
        )
    }

    private func page<Element: Sendable>(
        _ prefix: [UInt8],
        before cursor: UInt64?,
        limit: Int,
        _ decode: (Span<UInt8>) throws(WireError) -> Element,
        where isWanted: (Element) -> Bool
    ) throws(StorageError) -> NoticePage<Element> {
        var iterator = try database.snapshot().iterator(over: .notices, from: prefix)
        let start = prefix + (cursor ?? .max).key
        var isThere = try iterator.seek(backTo: start.span)
        var elements: [Element] = []
        var last: UInt64?
        var scanned = 0
        while isThere, let serial = NoticeRows.serial(iterator.key, behind: prefix) {
            if serial < cursor ?? .max {
                // One more than fits says that there are more.
                if elements.count == limit || scanned == NoticeRows.scanLimit {
                    return NoticePage(elements: elements, next: last)
                }
                scanned += 1
                let value = iterator.value
                let element = try NoticeRows.decode { () throws(WireError) in try decode(value) }
                if isWanted(element) { elements.append(element) }
                last = serial
            }
            isThere = try iterator.previous()
        }
        return NoticePage(elements: elements, next: nil)
    }

    private func forEach(
        _ kind: Kind,
        _ body: (Span<UInt8>, Span<UInt8>) throws(StorageError) -> Void
    ) throws(StorageError) {
        var iterator = try database.snapshot().iterator(over: .notices)
        var isThere = try iterator.seek(to: kind.first.span)
        while isThere, iterator.key.count > 0, iterator.key[0] == kind.rawValue {
            try body(iterator.key, iterator.value)
            isThere = try iterator.next()
        }
    }

    private static func decode<Value>(
        _ body: () throws(WireError) -> Value
    ) throws(StorageError) -> Value {
        do { return try body() } catch { throw StorageError(.corrupt, "a notice: \(error)") }
    }

    // MARK: Writing

    /// Writes a batch as one.
    func write(_ batch: NoticeBatch) throws(StorageError) {
        try writing.withLock { _ throws(StorageError) in
            var rows = try database.makeBatch()
            for delivery in batch.saved {
                let key = Kind.delivery.first + delivery.sequence.key
                rows.put(key.span, NoticeCodec.encode(delivery).span, in: .notices)
            }
            for sequence in batch.removed {
                rows.delete((Kind.delivery.first + sequence.key).span, in: .notices)
            }
            for (destination, attempt) in batch.attempts {
                try add(attempt, to: destination, in: &rows)
            }
            try add(batch.alerts, in: &rows)
            for (subject, mark) in batch.marks {
                let key = NoticeRows.key(of: subject)
                rows.put(key.span, NoticeCodec.encode(mark).span, in: .notices)
            }
            if let position = batch.position {
                var value = ByteWriter()
                value.append(position.rawValue)
                rows.put(Kind.position.first.span, value.span, in: .notices)
            }
            try database.write(rows, .logged)
        }
    }

    /// Adds an attempt, and takes away those that are too many.
    ///
    /// One attempt of each destination may be in a batch.
    private func add(
        _ attempt: DeliveryAttempt,
        to destination: NoticeDestination,
        in rows: inout WriteBatch
    ) throws(StorageError) {
        let prefix = NoticeRows.prefix(of: destination)
        var iterator = try database.snapshot().iterator(over: .notices, from: prefix)
        let start = prefix + UInt64.max.key
        var isThere = try iterator.seek(backTo: start.span)
        var newest: UInt64 = 0
        var count = 1
        while isThere, let serial = NoticeRows.serial(iterator.key, behind: prefix) {
            newest = max(newest, serial)
            count += 1
            if count > NoticeRows.attemptLimit { rows.delete(iterator.key, in: .notices) }
            isThere = try iterator.previous()
        }
        let key = prefix + (newest &+ 1).key
        rows.put(key.span, NoticeCodec.encode(attempt).span, in: .notices)
    }

    private func add(_ alerts: [Notice], in rows: inout WriteBatch) throws(StorageError) {
        guard !alerts.isEmpty else { return }
        let prefix = Kind.alert.first
        var iterator = try database.snapshot().iterator(over: .notices, from: prefix)
        let start = prefix + UInt64.max.key
        var serial: UInt64 = 0
        if try iterator.seek(backTo: start.span) {
            serial = NoticeRows.serial(iterator.key, behind: prefix) ?? 0
        }
        for alert in alerts {
            serial &+= 1
            let key = prefix + serial.key
            rows.put(key.span, NoticeCodec.encode(alert).span, in: .notices)
        }
        guard serial > NoticeRows.alertLimit else { return }
        let end = prefix + (serial - NoticeRows.alertLimit).key
        rows.delete(from: (prefix + UInt64(0).key).span, upTo: end.span, in: .notices)
    }

    /// Adds to a batch that nothing is known any more of attempts to deliver to a destination.
    static func removeAttempts(to destination: NoticeDestination, in batch: inout WriteBatch) {
        let prefix = prefix(of: destination)
        let end = prefix + UInt64.max.key
        batch.delete(from: prefix.span, upTo: end.span, in: .notices)
    }

    // MARK: Keys

    private static func prefix(of destination: NoticeDestination) -> [UInt8] {
        Kind.attempt.first + Array("\(destination)".utf8)
    }

    /// The number behind a prefix; nil for a key of another.
    private static func serial(_ key: Span<UInt8>, behind prefix: [UInt8]) -> UInt64? {
        guard
            key.count == prefix.count + 8,
            Text.equal(key.extracting(0..<prefix.count), prefix.span)
        else { return nil }
        let number: UInt64 = key.littleEndian(at: prefix.count)
        return number.byteSwapped
    }

    private static func key(of subject: NoticeSubject) -> [UInt8] {
        Kind.mark.first + subject.keyID.rawValue.key
            + [subject.limit?.rawValue ?? 0, subject.level.rawValue, subject.threshold]
            + Array(subject.event.rawValue.utf8)
    }

    private static func subject(_ key: Span<UInt8>) throws(StorageError) -> NoticeSubject {
        guard key.count > 20 else { throw StorageError(.corrupt, "the key of a mark") }
        var id: UInt128 = 0
        for place in 1...16 { id = id << 8 | UInt128(key[place]) }
        let word = key.extracting(20..<key.count).withUnsafeBufferPointer {
            String(decoding: $0, as: UTF8.self)
        }
        guard
            let event = WebhookEvent(rawValue: word), let level = LimitLevel(rawValue: key[18])
        else { throw StorageError(.corrupt, "the key of a mark") }
        return NoticeSubject(
            KeyID(rawValue: id),
            event,
            limit: LimitName(rawValue: key[17]),
            level: level,
            threshold: key[19]
        )
    }
}
