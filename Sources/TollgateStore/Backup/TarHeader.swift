internal import TollgateEngine

/// The head of a file in an archive of the form `ustar`, which every `tar` reads (POSIX, pax).
///
/// Only plain files of less than 8 GiB with names of up to 100 characters: more is never needed.
struct TarHeader: Equatable, Sendable {
    /// What an archive consists of: heads, and contents filled up with zeros.
    static let blockSize = 512
    /// The longest content: eleven octal digits.
    static let sizeLimit: UInt64 = 1 << 33

    var name: String
    var size: UInt64
    /// When it was changed, in seconds since 1970.
    var time: Int64 = 0

    /// How many zeros fill the content up.
    var padding: Int {
        let rest = Int(size % UInt64(TarHeader.blockSize))
        return rest == 0 ? 0 : TarHeader.blockSize - rest
    }

    /// The 512 bytes.
    var block: [UInt8] {
        var block = [UInt8](repeating: 0, count: TarHeader.blockSize)
        func put(_ text: String, at start: Int) {
            block.replaceSubrange(start..<start + text.utf8.count, with: Array(text.utf8))
        }
        put(String(name.prefix(100)), at: 0)
        put("0000600", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(TarHeader.octal(size, digits: 11), at: 124)
        put(TarHeader.octal(UInt64(clamping: time), digits: 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(TarHeader.octal(TarHeader.sum(of: block), digits: 6), at: 148)
        block[154] = 0
        return block
    }

    init(name: String, size: UInt64, time: Int64 = 0) {
        self.name = name
        self.size = size
        self.time = time
    }

    /// Reads a head.
    ///
    /// - Throws: `.unusable` when it is none, `.corrupt` when it is damaged.
    init(_ block: Span<UInt8>) throws(StorageError) {
        let magic = Array("ustar".utf8)
        guard
            block.count == TarHeader.blockSize,
            (0..<magic.count).allSatisfy({ block[257 + $0] == magic[$0] })
        else { throw StorageError(.unusable, "is no backup of Tollgate") }
        var blank = (0..<block.count).map { block[$0] }
        for index in 148..<156 { blank[index] = UInt8(ascii: " ") }
        guard
            let sum = TarHeader.number(block.extracting(148..<156)),
            sum == TarHeader.sum(of: blank), block[156] == UInt8(ascii: "0"),
            let size = TarHeader.number(block.extracting(124..<136)),
            let time = TarHeader.number(block.extracting(136..<148))
        else { throw StorageError(.corrupt, "the backup is damaged") }
        name = String(decoding: blank[..<100].prefix { $0 != 0 }, as: UTF8.self)
        self.size = size
        self.time = Int64(clamping: time)
    }

    private static func octal(_ number: UInt64, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text.suffix(digits)
    }

    private static func number(_ field: Span<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        var digits = 0
        for index in 0..<field.count {
            switch field[index] {
            case 0x30...0x37:
                number = number << 3 | UInt64(field[index] - 0x30)
                digits += 1
            // What ends a number.
            case 0, UInt8(ascii: " "): return digits > 0 ? number : nil
            default: return nil
            }
        }
        return digits > 0 ? number : nil
    }

    private static func sum(of block: [UInt8]) -> UInt64 {
        block.reduce(0) { $0 + UInt64($1) }
    }
}
