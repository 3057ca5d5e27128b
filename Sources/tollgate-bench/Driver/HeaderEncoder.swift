/// Writes headers for one connection as clients do: in full the first time, by number afterwards.
///
/// Source: RFC 7541. Only fields shorter than 127 bytes, and fewer than 60 of them; nothing of the
/// static table, for after the first request there is no difference.
struct HeaderEncoder {
    /// What the other side has in its table, the newest first.
    private var table: [(name: String, value: String)] = []

    /// The fields as one header block; each new one takes a place in the table.
    mutating func encode(_ fields: [(String, String)]) -> [UInt8] {
        var block: [UInt8] = []
        for (name, value) in fields {
            let place = table.firstIndex { $0.name == name && $0.value == value }
            if let place {
                block.append(UInt8(0x80 | (HeaderEncoder.firstPlace + place)))
                continue
            }
            block.append(0x40)
            for text in [name, value] {
                precondition(text.utf8.count < 127)
                block.append(UInt8(text.utf8.count))
                block += text.utf8
            }
            table.insert((name, value), at: 0)
            precondition(table.count < 60)
        }
        return block
    }

    /// The static table has the places before.
    private static let firstPlace = 62
}
