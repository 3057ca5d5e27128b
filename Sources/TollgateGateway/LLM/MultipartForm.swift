internal import TollgateCore

/// Walks over the parts of a body of type `multipart/form-data` (RFC 7578) in place, in one pass.
///
/// The body may end anywhere. Readers of such bodies differ more than those of JSON, and what one of
/// them skips may be a part to another; so what clients write is read, and everything else is
/// `notForm`: anything before the first or behind the last boundary, a boundary at the beginning of
/// a line that is no separator, heads of parts in rare forms.
struct MultipartForm: ~Escapable {
    /// A part of the form, as ranges of the body.
    struct Part {
        /// The field's name.
        var name = 0..<0
        /// Whether it is a file, and no text.
        var isFile = false
        /// Whether its value is written in another way than as it is.
        var isEncoded = false
        /// Its value, as far as it is here.
        var value = 0..<0
        /// Whether all of the value is here.
        var isWhole = false
    }

    /// Why there is no next part.
    enum Failure: Error {
        /// The bytes end too early.
        case cut
        /// The bytes are no form that all readers read alike.
        case notForm
    }

    /// The longest head of a part, in bytes; those of clients have some hundred.
    static let headLimit = 4096

    /// The first byte that belongs to no part yet.
    private(set) var index = 0
    private let body: Span<UInt8>
    private let boundary: Span<UInt8>
    private var isAtEnd = false

    /// Begins with a body.
    ///
    /// - Parameters:
    ///   - body: its beginning, or all of it.
    ///   - contentType: a form's, which names the boundary.
    /// - Throws: `notForm` when it names none, more than one, or one of a length that may not be (RFC
    ///   2046 section 5.1.1); or as `next`.
    @_lifetime(copy body, copy contentType)
    init(_ body: Span<UInt8>, contentType: Span<UInt8>) throws(Failure) {
        self.body = body
        boundary = contentType.extracting(try MultipartForm.boundary(contentType))
        for place in 0..<min(body.count, boundary.count + 2) {
            let wanted = place < 2 ? UInt8(ascii: "-") : boundary[place - 2]
            guard body[place] == wanted else { throw .notForm }
        }
        switch try line(at: 0) {
        case .text, .cut: throw .cut
        case .end: throw .notForm
        case .separator: index = boundary.count + 4
        }
    }

    /// The next part; nil behind the last one.
    ///
    /// - Throws: `cut` when the body ends before a part's value begins, or did within the last one.
    @_lifetime(self: copy self)
    mutating func next() throws(Failure) -> Part? {
        if isAtEnd { return nil }
        var part = try readHead()
        let start = index
        guard try line(at: start) == .text else { throw .notForm }
        while let end = nextLineEnd(from: index) {
            index = end + 1
            let line = try line(at: index)
            guard line == .separator || line == .end else { continue }
            guard body[end] == 0x0A, end > start, body[end - 1] == 0x0D else { throw .notForm }
            isAtEnd = line == .end
            index = isAtEnd ? body.count : index + boundary.count + 4
            part.value = start..<end - 1
            part.isWhole = true
            return part
        }
        index = body.count
        part.value = start..<index
        return part
    }

    // MARK: Lines

    /// What a line is.
    private enum Line {
        case text
        /// The boundary, and not enough behind it to tell.
        case cut
        /// Between two parts, or before the first one.
        case separator
        /// Behind the last part.
        case end
    }

    /// What the line that begins here is.
    private func line(at place: Int) throws(Failure) -> Line {
        let end = place + 2 + boundary.count
        guard
            body.count >= end, body[place] == UInt8(ascii: "-"),
            body[place + 1] == UInt8(ascii: "-"),
            Text.equal(body.extracting(place + 2..<end), boundary)
        else { return .text }
        guard body.count >= end + 2 else { return .cut }
        if body[end] == 0x0D, body[end + 1] == 0x0A { return .separator }
        let rest = body.extracting(end..<body.count)
        // The end of the last line may be missing, or be cut off.
        let isLast =
            Text.equal(rest, "--") || Text.equal(rest, "--\r") || Text.equal(rest, "--\r\n")
        guard isLast else { throw .notForm }
        return .end
    }

    /// The next carriage return or line feed, eight bytes at a time; nil when there is none.
    private func nextLineEnd(from start: Int) -> Int? {
        let every: UInt64 = 0x0101_0101_0101_0101
        let high: UInt64 = 0x8080_8080_8080_8080
        var place = start
        while body.count - place >= 8 {
            let word = body.bytes.unsafeLoadUnaligned(fromByteOffset: place, as: UInt64.self)
            let feed = word ^ (every &* 0x0A)
            let carriage = word ^ (every &* 0x0D)
            // The high bit of a byte is set where it is one of the two. Behind such a byte also
            // elsewhere, by borrowing, which the loop below sorts out.
            let found = ((feed &- every) & ~feed) | ((carriage &- every) & ~carriage)
            if found & high != 0 { break }
            place += 8
        }
        while place < body.count {
            if body[place] == 0x0A || body[place] == 0x0D { return place }
            place += 1
        }
        return nil
    }

    // MARK: The head of a part

    @_lifetime(self: copy self)
    private mutating func readHead() throws(Failure) -> Part {
        let limit = index + MultipartForm.headLimit
        var part: Part?
        var isEncoded = false
        while true {
            let line = try takeLine(endingBefore: limit)
            if line.isEmpty { break }
            let name = HeaderParameters.token(in: body, line)
            let colon = name.upperBound
            guard !name.isEmpty, colon < line.upperBound, body[colon] == UInt8(ascii: ":") else {
                throw .notForm
            }
            let value = withoutSpace(colon + 1..<line.upperBound)
            if Text.equalInAnyCase(body.extracting(name), "content-disposition") {
                guard part == nil else { throw .notForm }
                part = try disposition(value)
            } else if Text.equalInAnyCase(body.extracting(name), "content-transfer-encoding") {
                isEncoded = isEncoded || !isPlain(encoding: body.extracting(value))
            }
        }
        guard var part else { throw .notForm }
        part.isEncoded = isEncoded
        return part
    }

    /// Takes a line with its end, which the range is without.
    @_lifetime(self: copy self)
    private mutating func takeLine(endingBefore limit: Int) throws(Failure) -> Range<Int> {
        let start = index
        guard let end = nextLineEnd(from: start) else {
            throw body.count > limit ? Failure.notForm : .cut
        }
        guard end < limit, body[end] == 0x0D else { throw .notForm }
        guard end + 1 < body.count else { throw .cut }
        guard body[end + 1] == 0x0A else { throw .notForm }
        index = end + 2
        return start..<end
    }

    private func withoutSpace(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, body[start] == 0x20 || body[start] == 0x09 { start += 1 }
        while start < end, body[end - 1] == 0x20 || body[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }

    private func isPlain(encoding: Span<UInt8>) -> Bool {
        Text.equalInAnyCase(encoding, "binary") || Text.equalInAnyCase(encoding, "8bit")
            || Text.equalInAnyCase(encoding, "7bit")
    }

    /// Reads `form-data; name="…"; filename="…"`.
    private func disposition(_ range: Range<Int>) throws(Failure) -> Part {
        let type = HeaderParameters.token(in: body, range)
        guard Text.equalInAnyCase(body.extracting(type), "form-data") else { throw .notForm }
        var parameters = HeaderParameters(type.upperBound..<range.upperBound)
        var part = Part()
        do throws(HeaderParameters.Malformed) {
            while let parameter = try parameters.next(in: body) {
                let name = body.extracting(parameter.name)
                if Text.equalInAnyCase(name, "name") {
                    guard part.name.isEmpty else { throw HeaderParameters.Malformed() }
                    part.name = parameter.value
                } else if Text.equalInAnyCase(name, "name*") {
                    throw HeaderParameters.Malformed()
                } else if Text.equalInAnyCase(name, "filename")
                    || Text.equalInAnyCase(name, "filename*")
                {
                    part.isFile = true
                }
            }
        } catch {
            throw .notForm
        }
        guard !part.name.isEmpty else { throw .notForm }
        return part
    }
}

// The content type, which says that a body is a form.
extension MultipartForm {
    private static let type: StaticString = "multipart/form-data"

    /// Whether a content type is a form's.
    static func isForm(_ contentType: Span<UInt8>) -> Bool {
        let count = type.utf8CodeUnitCount
        return contentType.count >= count
            && Text.equalInAnyCase(contentType.extracting(0..<count), type)
    }

    private static func boundary(_ contentType: Span<UInt8>) throws(Failure) -> Range<Int> {
        var parameters = HeaderParameters(type.utf8CodeUnitCount..<contentType.count)
        var boundary = 0..<0
        do throws(HeaderParameters.Malformed) {
            while let parameter = try parameters.next(in: contentType) {
                let name = contentType.extracting(parameter.name)
                guard Text.equalInAnyCase(name, "boundary") else { continue }
                guard boundary.isEmpty else { throw HeaderParameters.Malformed() }
                boundary = parameter.value
            }
        } catch {
            throw .notForm
        }
        guard (1...70).contains(boundary.count) else { throw .notForm }
        return boundary
    }
}
