internal import CNghttp2
internal import Glibc

/// Where the sessions of a loop get nghttp2's memory from: what one call gives back serves the next.
///
/// nghttp2 takes eight small blocks for each call, which cost `malloc` a twentieth of all work on a
/// call. Here a block of up to `largest` bytes comes from a list of free ones of its size, and
/// returns there. Each list keeps at most `keptBytes`; longer blocks are left to `malloc`.
///
/// Confined to its loop, as its sessions are; they hold it until nghttp2 has given everything back.
final class HTTP2Memory {
    /// What nghttp2 is given; good for as long as this object.
    let functions: UnsafeMutablePointer<nghttp2_mem>
    private let lists: FreeList.Pointer

    /// Blocks of one size that nobody uses, each with the address of the next in its first bytes.
    private struct FreeList {
        typealias Pointer = UnsafeMutablePointer<FreeList>

        var first: UnsafeMutableRawPointer?
        var count = 0
        let limit: Int
    }

    private static let step = 64
    private static let largest = 512
    private static let keptBytes = 128 << 10
    /// In front of a block lies the number of its list, 0 for long ones; so it stays aligned.
    private static let prefix = 16

    init() {
        let count = HTTP2Memory.largest / HTTP2Memory.step + 1
        lists = .allocate(capacity: count)
        for number in 0..<count {
            let limit = HTTP2Memory.keptBytes / (HTTP2Memory.step * max(1, number))
            (lists + number).initialize(to: FreeList(limit: limit))
        }
        functions = .allocate(capacity: 1)
        functions.initialize(
            to: nghttp2_mem(
                mem_user_data: lists,
                malloc: { HTTP2Memory.allocate($0, $1) },
                free: { HTTP2Memory.free($0, $1) },
                calloc: { HTTP2Memory.allocateZeros($0, $1, $2) },
                realloc: { HTTP2Memory.reallocate($0, $1, $2) }
            )
        )
    }

    deinit {
        for number in 0...(HTTP2Memory.largest / HTTP2Memory.step) {
            while let block = HTTP2Memory.pop(lists + number) {
                Glibc.free(block - HTTP2Memory.prefix)
            }
        }
        lists.deallocate()
        functions.deallocate()
    }

    private static func allocate(
        _ size: Int,
        _ context: UnsafeMutableRawPointer?
    ) -> UnsafeMutableRawPointer? {
        // A size that no `Int` holds comes as a negative one, which the slow way refuses.
        guard size >= 0, size <= largest, let context else {
            return allocateSlowly(size, number: 0)
        }
        // An empty block is as long as the shortest.
        let number = max(1, (size &+ (step &- 1)) / step)
        let list = context.assumingMemoryBound(to: FreeList.self) + number
        return pop(list) ?? allocateSlowly(number &* step, number: number)
    }

    @inline(__always)
    private static func pop(_ list: FreeList.Pointer) -> UnsafeMutableRawPointer? {
        guard let block = list.pointee.first else { return nil }
        list.pointee.first = block.load(as: UnsafeMutableRawPointer?.self)
        list.pointee.count &-= 1
        return block
    }

    @inline(never)
    private static func allocateSlowly(_ size: Int, number: Int) -> UnsafeMutableRawPointer? {
        guard size >= 0, size <= Int.max - prefix, let memory = malloc(prefix + size) else {
            return nil
        }
        memory.storeBytes(of: number, as: Int.self)
        return memory + prefix
    }

    private static func free(
        _ block: UnsafeMutableRawPointer?,
        _ context: UnsafeMutableRawPointer?
    ) {
        guard let block, let context else { return }
        let number = (block - prefix).load(as: Int.self)
        let list = context.assumingMemoryBound(to: FreeList.self) + number
        guard number > 0, list.pointee.count < list.pointee.limit else {
            Glibc.free(block - prefix)
            return
        }
        block.storeBytes(of: list.pointee.first, as: UnsafeMutableRawPointer?.self)
        list.pointee.first = block
        list.pointee.count &+= 1
    }

    private static func allocateZeros(
        _ count: Int,
        _ size: Int,
        _ context: UnsafeMutableRawPointer?
    ) -> UnsafeMutableRawPointer? {
        let (total, overflow) = count.multipliedReportingOverflow(by: size)
        guard count >= 0, size >= 0, !overflow, let block = allocate(total, context) else {
            return nil
        }
        memset(block, 0, total)
        return block
    }

    /// Moves a block, unless it is one of a list and long enough.
    private static func reallocate(
        _ block: UnsafeMutableRawPointer?,
        _ size: Int,
        _ context: UnsafeMutableRawPointer?
    ) -> UnsafeMutableRawPointer? {
        guard let block, size >= 0 else { return allocate(size, context) }
        let number = (block - prefix).load(as: Int.self)
        if number == 0 {
            guard size <= Int.max - prefix else { return nil }
            return realloc(block - prefix, prefix + size).map { $0 + prefix }
        }
        if size <= number * step { return block }
        guard let longer = allocate(size, context) else { return nil }
        memcpy(longer, block, number * step)
        free(block, context)
        return longer
    }
}
