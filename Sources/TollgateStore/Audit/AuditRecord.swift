internal import TollgateCore
internal import TollgateEngine

/// The journal's records as rows of the audit trail: which there are, and what filters ask of them.
enum AuditRecord {
    /// What a record is to the audit trail.
    enum Content {
        /// Somebody whose key is known, or not, was told this.
        case decision(KeyID?, Reason)
        /// Strangers were told this.
        case refusals(Reason)
        /// An administrator has done something.
        case action(KeyID?)
        /// A request has ended.
        case settlement
        /// Only the ledger needs it.
        case charge
    }

    /// What a record is.
    ///
    /// - Throws: `.corrupt` when it is none that the journal has.
    static func content(of record: Span<UInt8>) throws(StorageError) -> Content {
        switch record[2] {
        case DecisionRecord.type:
            let outline = try DecisionRecord.outline(of: record)
            return .decision(outline.keyID, outline.reason)
        case RefusalRecord.type: return .refusals(try RefusalRecord.reason(of: record))
        case ActionRecord.type: return .action(try ActionRecord.actor(of: record))
        case SettlementRecord.type: return .settlement
        case ChargeRecord.type: return .charge
        default: throw StorageError(.corrupt, "a journal record of type \(record[2])")
        }
    }

    /// Whether a record is a row on a page.
    static func isRow(_ content: Content) -> Bool {
        switch content {
        case .decision, .refusals, .action: true
        case .settlement, .charge: false
        }
    }

    /// Whether a query asks for a record, whatever its time and place.
    static func wants(
        _ query: AuditQuery,
        _ reasons: UInt64,
        _ model: [UInt8]?,
        _ record: Span<UInt8>
    ) throws(StorageError) -> Bool {
        let (keyID, reason): (KeyID?, Reason?) =
            switch try content(of: record) {
            case .decision(let keyID, let reason): (keyID, reason)
            case .refusals(let reason): (nil, reason)
            case .action(let actor): (actor, nil)
            case .settlement, .charge: (nil, nil)
            }
        guard let reason else {
            guard query.wantsActions, record[2] == ActionRecord.type else { return false }
            return query.wantsKey(keyID)
        }
        guard
            query.wantsDecisions, reasons >> UInt64(reason.rawValue & 63) & 1 == 1,
            query.wantsKey(keyID)
        else { return false }
        return try model.map { (model) throws(StorageError) in try hasModel(record, model) } ?? true
    }

    /// The model that a record names; those that name none have the empty one.
    @_lifetime(copy record)
    static func model(of record: Span<UInt8>) throws(StorageError) -> Span<UInt8> {
        guard record[2] == DecisionRecord.type else { return record.extracting(0..<0) }
        return try DecisionRecord.model(of: record)
    }

    /// Whether a record names a model.
    static func hasModel(_ record: Span<UInt8>, _ model: [UInt8]) throws(StorageError) -> Bool {
        Text.equal(try AuditRecord.model(of: record), model.span)
    }

    /// The row that a record is on a page.
    ///
    /// - Throws: `.corrupt` when it makes no sense, or is none.
    static func entry(
        _ record: Span<UInt8>,
        time: WallTime,
        place: AuditPlace
    ) throws(StorageError) -> AuditEntry {
        guard record.count >= 3 else { throw StorageError(.corrupt, "a record of no length") }
        switch record[2] {
        case RefusalRecord.type:
            return try RefusalRecord.read(record, time: time, place: place)
        case ActionRecord.type:
            var entry = AuditEntry(place: place, time: time, reason: .allowed)
            let action = try ActionRecord.read(record)
            entry.keyID = action.actor
            entry.action = action
            return entry
        default: return try DecisionRecord.read(record, time: time, place: place)
        }
    }
}
