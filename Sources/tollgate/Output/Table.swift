/// Rows under headings, in columns that line up.
struct Table {
    private let headings: [String]
    private var rows: [[String]] = []

    /// A table without rows.
    init(_ headings: [String]) {
        self.headings = headings
    }

    /// Adds a row; an empty cell is shown as `-`, so that columns can be told apart by scripts.
    mutating func add(_ cells: [String]) {
        precondition(cells.count == headings.count)
        rows.append(cells.map { $0.isEmpty ? "-" : Terminal.printable($0) })
    }

    /// The lines: headings and rows, or rows alone where headings were printed before.
    ///
    /// - Parameters:
    ///   - withHeadings: whether the headings come first.
    ///   - widths: columns are at least that wide, so that later rows line up with earlier ones.
    /// - Returns: each line without its line break.
    func lines(withHeadings: Bool = true, widths: [Int] = []) -> [String] {
        let all = withHeadings ? [headings] + rows : rows
        let columns = headings.indices.map { column in
            let least = widths.indices.contains(column) ? widths[column] : 0
            return max(least, all.map { Table.width(of: $0[column]) }.max() ?? 0)
        }
        return all.map { row in
            var line = ""
            for (cell, width) in zip(row, columns) {
                line += cell + String(repeating: " ", count: width - Table.width(of: cell) + 2)
            }
            return String(line.trimmingSuffix(while: { $0 == " " }))
        }
    }

    /// How many columns of a terminal a text takes: two for each wide character of East Asia and
    /// each emoji, one for any other.
    private static func width(of text: String) -> Int {
        text.reduce(0) { width, character in
            guard let scalar = character.unicodeScalars.first else { return width }
            switch scalar.value {
            case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
                0xFE30...0xFE4F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F,
                0x1F900...0x1F9FF, 0x20000...0x3FFFD:
                return width + 2
            default:
                return width + 1
            }
        }
    }
}

extension BidirectionalCollection {
    /// The collection without the elements at its end that satisfy a condition.
    fileprivate func trimmingSuffix(while isDropped: (Element) -> Bool) -> SubSequence {
        var end = endIndex
        while end > startIndex, isDropped(self[index(before: end)]) { end = index(before: end) }
        return self[..<end]
    }
}
