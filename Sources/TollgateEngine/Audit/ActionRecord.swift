package import TollgateCore

/// The journal's record of something that an administrator has done.
///
/// Shape behind length and type, all numbers little-endian: whether there is an actor (1), its key
/// (16), length of the name (1), length of the target (2), number of fields (1), the length of each
/// (1), then the texts in this order.
package enum ActionRecord {
    /// The type byte of actions.
    package static let type: UInt8 = 4

    private static let nameLimit = 64
    private static let fieldLimit = 128
    static let lengthLimit =
        3 + 1 + 16 + 1 + 2 + 1 + ManagementAction.fieldLimit * (1 + fieldLimit)
        + nameLimit + ManagementAction.targetLimit

    /// Appends an action to a block; texts that are too long are cut.
    ///
    /// - Returns: false when the block is full.
    static func write(_ action: ManagementAction, to block: inout JournalBlock) -> Bool {
        guard let start = block.beginRecord(type, lengthLimit: lengthLimit) else { return false }
        let name = bytes(of: action.name, limit: nameLimit)
        let target = bytes(of: action.target, limit: ManagementAction.targetLimit)
        let fields = action.fields.prefix(ManagementAction.fieldLimit).map {
            bytes(of: $0, limit: fieldLimit)
        }
        block.write(UInt8(action.actor == nil ? 0 : 1))
        block.write(action.actor?.rawValue ?? 0)
        block.write(UInt8(name.count))
        block.write(UInt16(target.count))
        block.write(UInt8(fields.count))
        for field in fields { block.write(UInt8(field.count)) }
        block.write(name.span)
        block.write(target.span)
        for field in fields { block.write(field.span) }
        block.endRecord(startedAt: start)
        return true
    }

    /// Reads an action back.
    ///
    /// - Throws: `.corrupt` when the record makes no sense.
    package static func read(_ record: Span<UInt8>) throws(StorageError) -> ManagementAction {
        var reader = try RecordReader(record, type: type, "an action record")
        let hasActor = try reader.number(UInt8.self) != 0
        let actor = KeyID(rawValue: try reader.number())
        let nameLength = Int(try reader.number(UInt8.self))
        let targetLength = Int(try reader.number(UInt16.self))
        var lengths: [Int] = []
        for _ in 0..<(try reader.number(UInt8.self)) {
            lengths.append(Int(try reader.number(UInt8.self)))
        }
        let name = try reader.text(nameLength)
        let target = try reader.text(targetLength)
        var fields: [String] = []
        for length in lengths { fields.append(try reader.text(length)) }
        try reader.end()
        return ManagementAction(name, by: hasActor ? actor : nil, on: target, fields: fields)
    }

    /// Whose action it is, read without its texts; nil for the server itself.
    package static func actor(of record: Span<UInt8>) throws(StorageError) -> KeyID? {
        var reader = try RecordReader(record, type: type, "an action record")
        let hasActor = try reader.number(UInt8.self) != 0
        let actor = KeyID(rawValue: try reader.number())
        return hasActor ? actor : nil
    }

    /// The beginning of a text that fits, never half a character.
    private static func bytes(of text: String, limit: Int) -> [UInt8] {
        var cut = text[...]
        while cut.utf8.count > limit { cut = cut.dropLast(max(1, (cut.utf8.count - limit) / 32)) }
        let bytes = Array(cut.utf8)
        // What is no text to the journal would be damage to whoever reads it.
        return Text.isValid(bytes.span) ? bytes : Array("?".utf8)
    }
}
