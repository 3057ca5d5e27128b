internal import CNghttp2
internal import Glibc
internal import Testing

@testable internal import TollgateTransport

/// The memory of nghttp2's sessions, asked as nghttp2 asks.
@Suite("The memory of HTTP/2 sessions")
struct HTTP2MemoryTests {
    private let memory = HTTP2Memory()
    private var functions: nghttp2_mem { memory.functions.pointee }

    private func allocate(_ size: Int) throws -> UnsafeMutableRawPointer {
        try #require(functions.malloc(size, functions.mem_user_data))
    }

    private func free(_ block: UnsafeMutableRawPointer) {
        functions.free(block, functions.mem_user_data)
    }

    @Test("A block that was given back serves the next one of its size, and no other")
    func reuse() throws {
        let first = try allocate(100)
        free(first)
        let other = try allocate(200)
        let second = try allocate(128)
        #expect(second == first)
        #expect(other != first)
        free(other)
        free(second)
    }

    @Test("Blocks of every size are aligned and share no byte")
    func separate() throws {
        var blocks: [(UnsafeMutableRawPointer, Int)] = []
        for round in 0..<2 {
            for size in 0...1100 {
                let block = try allocate(size)
                #expect(Int(bitPattern: block) % 16 == 0)
                memset(block, Int32((size + round) % 251), size)
                blocks.append((block, size))
            }
            for (block, size) in blocks {
                let bytes = UnsafeRawBufferPointer(start: block, count: size)
                #expect(bytes.allSatisfy { $0 == UInt8((size + round) % 251) })
                free(block)
            }
            blocks = []
        }
    }

    @Test("A block that grows keeps its bytes", arguments: [(10, 60), (60, 300), (300, 5000)])
    func growing(sizes: (Int, Int)) throws {
        let block = try allocate(sizes.0)
        memset(block, 7, sizes.0)
        let longer = try #require(functions.realloc(block, sizes.1, functions.mem_user_data))
        memset(longer + sizes.0, 8, sizes.1 - sizes.0)
        let longest = try #require(functions.realloc(longer, 6000, functions.mem_user_data))
        let bytes = UnsafeRawBufferPointer(start: longest, count: sizes.1)
        #expect(bytes[..<sizes.0].allSatisfy { $0 == 7 })
        #expect(bytes[sizes.0...].allSatisfy { $0 == 8 })
        free(longest)
    }

    @Test("Zeros are zeros in a block that was used", arguments: [48, 4096])
    func zeros(size: Int) throws {
        let used = try allocate(size)
        memset(used, 0xFF, size)
        free(used)
        let block = try #require(functions.calloc(size / 16, 16, functions.mem_user_data))
        #expect(UnsafeRawBufferPointer(start: block, count: size).allSatisfy { $0 == 0 })
        free(block)
    }

    @Test("What no memory can hold is refused, and the block stays")
    func tooLarge() throws {
        #expect(functions.malloc(.max, functions.mem_user_data) == nil)
        #expect(functions.malloc(.min, functions.mem_user_data) == nil)
        #expect(functions.calloc(.max, 2, functions.mem_user_data) == nil)
        let block = try allocate(32)
        #expect(functions.realloc(block, .max, functions.mem_user_data) == nil)
        #expect(functions.realloc(block, -1, functions.mem_user_data) == nil)
        free(block)
    }

    @Test("Nothing is given back without a block")
    func nothing() throws {
        functions.free(nil, functions.mem_user_data)
        let block = try #require(functions.realloc(nil, 20, functions.mem_user_data))
        free(block)
    }
}
