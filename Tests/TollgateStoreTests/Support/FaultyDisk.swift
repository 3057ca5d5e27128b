internal import Glibc
internal import Synchronization

/// Makes system calls fail that write to the files of one directory.
///
/// The functions at the end of this file take the place of libc's in the whole test process, for
/// RocksDB too; without a fault they only pass calls on.
final class FaultyDisk: Sendable {
    /// What goes wrong.
    enum Fault: CaseIterable, Sendable {
        /// Nothing more has room.
        case full
        /// A write fails, and nothing is written.
        case lostWrite
        /// A write fails, but all of it is written.
        case keptWrite
        /// A write fails after half of it.
        case tornWrite
        /// What was written does not become durable.
        case lostSync
    }

    private struct Plan {
        let directory: String
        var fault: Fault?
        var suffix = ""
        /// How many calls still fail.
        var times = 0
    }

    private static let plans = Mutex<[Int: Plan]>([:])
    private static let isAnyPlanned = Atomic(false)
    private static let serial = Atomic(0)

    private let number = FaultyDisk.serial.wrappingAdd(1, ordering: .relaxed).newValue

    /// A disk for the files under a path; it works.
    init(_ directory: String) {
        let plan = Plan(directory: directory)
        FaultyDisk.plans.withLock { $0[number] = plan }
    }

    deinit {
        FaultyDisk.plans.withLock { $0[number] = nil }
    }

    /// Begins to fail.
    ///
    /// - Parameters:
    ///   - fault: how.
    ///   - suffix: only files whose names end so.
    ///   - times: how often; then it works again.
    func fail(_ fault: Fault, on suffix: String = "", times: Int = .max) {
        FaultyDisk.plans.withLock { plans in
            plans[number]?.fault = fault
            plans[number]?.suffix = suffix
            plans[number]?.times = times
        }
        FaultyDisk.isAnyPlanned.store(true, ordering: .releasing)
    }

    /// Works again.
    func heal() {
        FaultyDisk.plans.withLock { $0[number]?.fault = nil }
    }

    /// The fault of a call on a file, nil when there is none.
    fileprivate static func fault(of file: Int32, isSync: Bool) -> Fault? {
        guard isAnyPlanned.load(ordering: .acquiring) else { return nil }
        var buffer = [CChar](repeating: 0, count: 1024)
        let length = readlink("/proc/self/fd/\(file)", &buffer, buffer.count)
        guard length > 0 else { return nil }
        let bytes = buffer.prefix(length).map { UInt8(bitPattern: $0) }
        let path = String(decoding: bytes, as: UTF8.self)
        return plans.withLock { plans in
            for (number, plan) in plans {
                guard
                    let fault = plan.fault, plan.times > 0, (fault == .lostSync) == isSync,
                    path.hasPrefix(plan.directory + "/"), path.hasSuffix(plan.suffix)
                else { continue }
                plans[number]?.times -= 1
                // The other half of a torn write fails.
                if fault == .tornWrite {
                    plans[number]?.fault = .full
                    plans[number]?.times = 1
                }
                return fault
            }
            return nil
        }
    }

    /// A call that writes.
    fileprivate static func write(
        _ file: Int32,
        _ count: Int,
        _ write: (Int) -> Int
    ) -> Int {
        guard let fault = fault(of: file, isSync: false) else { return write(count) }
        switch fault {
        case .tornWrite: return write(count / 2)
        case .keptWrite: _ = write(count)
        case .full, .lostWrite, .lostSync: break
        }
        errno = fault == .full ? ENOSPC : EIO
        return -1
    }

    fileprivate static func sync(_ file: Int32, _ sync: (Int32) -> Int32) -> Int32 {
        guard fault(of: file, isSync: true) != nil else { return sync(file) }
        errno = EIO
        return -1
    }
}

// MARK: libc's functions

private typealias Write = @convention(c) (Int32, UnsafeRawPointer?, Int) -> Int
private typealias WriteAt = @convention(c) (Int32, UnsafeRawPointer?, Int, Int) -> Int
private typealias Sync = @convention(c) (Int32) -> Int32

/// The function that another library has under this name.
private func real<Function>(_ name: String, _: Function.Type) -> Function {
    // RTLD_NEXT, which is a cast in C.
    let address = dlsym(UnsafeMutableRawPointer(bitPattern: -1), name)
    return unsafeBitCast(address, to: Function.self)
}

private let realWrite = real("write", Write.self)
private let realWriteAt = real("pwrite64", WriteAt.self)
private let realFsync = real("fsync", Sync.self)
private let realDataSync = real("fdatasync", Sync.self)

@_cdecl("write")
func faultyWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    FaultyDisk.write(file, count) { realWrite(file, bytes, $0) }
}

@_cdecl("pwrite64")
func faultyWriteAt(
    _ file: Int32,
    _ bytes: UnsafeRawPointer?,
    _ count: Int,
    _ start: Int
) -> Int {
    FaultyDisk.write(file, count) { realWriteAt(file, bytes, $0, start) }
}

@_cdecl("pwrite")
func faultyShortWriteAt(
    _ file: Int32,
    _ bytes: UnsafeRawPointer?,
    _ count: Int,
    _ start: Int
) -> Int {
    faultyWriteAt(file, bytes, count, start)
}

@_cdecl("fsync")
func faultySync(_ file: Int32) -> Int32 { FaultyDisk.sync(file, realFsync) }

@_cdecl("fdatasync")
func faultyDataSync(_ file: Int32) -> Int32 { FaultyDisk.sync(file, realDataSync) }
