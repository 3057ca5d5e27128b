/// Rows under headings, printed so that the columns line up.
struct Table: CustomStringConvertible {
    private let headings: [String]
    private var rows: [[String]] = []

    /// - Parameter headings: one for each column; the first column is text and begins at the left, as
    ///   do columns whose heading ends with a colon, which is not shown. All others are numbers.
    init(_ headings: String...) {
        self.headings = headings
    }

    /// Adds a row, with as many cells as there are headings.
    mutating func add(_ cells: String...) {
        precondition(cells.count == headings.count)
        rows.append(cells)
    }

    var description: String {
        let names = headings.map { $0.hasSuffix(":") ? String($0.dropLast()) : $0 }
        let lines = [names] + rows
        let widths = headings.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line(of: $0, widths) }.joined(separator: "\n")
    }

    private func line(of cells: [String], _ widths: [Int]) -> String {
        var text = ""
        for (column, cell) in cells.enumerated() {
            let isText = column == 0 || headings[column].hasSuffix(":")
            let padding = String(repeating: " ", count: widths[column] - cell.count)
            if column > 0 { text += "  " }
            text += isText ? cell + padding : padding + cell
        }
        while text.last == " " { text.removeLast() }
        return text
    }
}

extension Double {
    /// With so many digits behind the point.
    func rounded(to places: Int) -> String {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        let number = (self * scale).rounded()
        guard let scaled = Int64(exactly: number) else { return "-" }
        guard places > 0 else { return String(scaled).groupedByThousands }
        let digits = String(scaled.magnitude)
        let zeros = String(repeating: "0", count: max(0, places + 1 - digits.count))
        let padded = zeros + digits
        let sign = scaled < 0 ? "-" : ""
        return sign + String(padded.dropLast(places)).groupedByThousands + "."
            + padded.suffix(places)
    }
}

extension Int {
    /// In decimal, with commas.
    var grouped: String { String(self).groupedByThousands }
}

extension String {
    /// Digits with a comma before every third from the right; a sign in front stays.
    fileprivate var groupedByThousands: String {
        let digits = Array(drop { $0 == "-" })
        var text = hasPrefix("-") ? "-" : ""
        for (place, digit) in digits.enumerated() {
            if place > 0 && (digits.count - place) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }
}

extension [Double] {
    /// The middle one, or the mean of the two in the middle; 0 of nothing.
    var median: Double {
        if isEmpty { return 0 }
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }
}
