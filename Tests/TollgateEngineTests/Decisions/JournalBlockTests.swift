internal import Testing
internal import TollgateCore

@testable internal import TollgateEngine

/// The bytes of a block as they are appended.
func bytes(of block: borrowing JournalBlock) -> [UInt8] {
    block.bytes.withUnsafeBufferPointer { Array($0) }
}

@Suite("A block of the journal")
struct JournalBlockTests {
    @Test("begins with version, time and the number of records")
    func header() {
        var block = JournalBlock()
        block.reset(
            at: Now(
                wall: WallTime(milliseconds: 0x0102_0304_0506_0708),
                monotonic: MonotonicTime(nanoseconds: -2)
            )
        )
        let wall: [UInt8] = [JournalBlock.version, 8, 7, 6, 5, 4, 3, 2, 1]
        let monotonic: [UInt8] = [254, 255, 255, 255, 255, 255, 255, 255]
        #expect(bytes(of: block) == wall + [0, 0, 0, 0] + monotonic)
        write(record: [9], to: &block)
        #expect(bytes(of: block) == wall + [1, 0, 0, 0] + monotonic + [4, 0, 7, 9])
    }

    @Test("keeps its records while it grows")
    func growth() throws {
        var block = JournalBlock()
        block.reset(at: time(-1))
        for number in 0..<3000 { write(record: body(number), to: &block) }
        try expect(block, count: 3000, time: -1)
    }

    @Test("says when it is full, and stays whole")
    func full() throws {
        var block = JournalBlock()
        block.reset(at: time(5))
        let body = [UInt8](repeating: 3, count: 60_000)
        var count = 0
        while block.reserve(body.count + 3) {
            write(record: body, to: &block)
            count += 1
        }
        #expect(count == (JournalBlock.lengthLimit - JournalBlock.headerLength) / 60_003)
        let whole = bytes(of: block)
        #expect(whole.count <= JournalBlock.lengthLimit)
        var reader = try JournalBlockReader(whole.span)
        while let record = try reader.next() {
            count -= 1
            let length = record.count
            #expect(length == 60_003)
        }
        #expect(count == 0)
    }

    @Test("is empty again after a reset, whatever it held")
    func reset() throws {
        var block = JournalBlock()
        for turn in 0..<5 {
            block.reset(at: time(Int64(turn)))
            let isEmpty = block.isEmpty
            #expect(isEmpty)
            for number in 0..<turn * 500 { write(record: body(number), to: &block) }
            try expect(block, count: turn * 500, time: Int64(turn))
        }
    }

    @Test("of another version is refused, and so is one that is too short")
    func versions() {
        var block = JournalBlock()
        block.reset(at: time(0))
        for version in UInt8.min...UInt8.max where version != JournalBlock.version {
            var whole = bytes(of: block)
            whole[0] = version
            #expect(throws: StorageError.self) { try decisions(in: whole) }
        }
        #expect(throws: StorageError.self) { try decisions(in: []) }
    }

    private func time(_ number: Int64) -> Now {
        Now(
            wall: WallTime(milliseconds: number),
            monotonic: MonotonicTime(nanoseconds: number &* 3)
        )
    }

    private func body(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number % 200)
    }

    private func write(record body: [UInt8], to block: inout JournalBlock) {
        let hasRoom = block.reserve(body.count + 3)
        #expect(hasRoom)
        let start = block.count
        block.write(UInt16(0))
        block.write(UInt8(7))
        block.write(body.span)
        block.endRecord(startedAt: start)
    }

    private func expect(_ block: borrowing JournalBlock, count: Int, time: Int64) throws {
        let whole = bytes(of: block)
        var reader = try JournalBlockReader(whole.span)
        let found = reader.now
        #expect(found == self.time(time))
        var number = 0
        while let record = try reader.next() {
            let content = record.withUnsafeBufferPointer { Array($0.dropFirst(3)) }
            if content != body(number) { Issue.record("record \(number) is another one") }
            number += 1
        }
        #expect(number == count)
    }
}
