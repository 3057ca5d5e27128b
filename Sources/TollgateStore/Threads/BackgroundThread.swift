internal import Glibc
internal import Synchronization

/// A thread of our own, for work that waits on the disk: neither an event loop nor Swift's pool of
/// threads may do that.
final class BackgroundThread: Sendable {
    private let id: Mutex<pthread_t?>

    /// Starts the thread; nil when the system has none to give.
    ///
    /// - Parameters:
    ///   - niceness: how willingly it lets others go first, 0 to 19.
    ///   - body: what it does; the thread ends when this returns.
    init?(niceness: Int32, _ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(niceness, body))
        var thread = pthread_t()
        guard pthread_create(&thread, nil, BackgroundThread.main, start.toOpaque()) == 0 else {
            start.release()
            return nil
        }
        id = Mutex(thread)
    }

    /// Waits until the thread has ended; the second caller does not.
    func join() {
        let id = id.withLock { id in
            defer { id = nil }
            return id
        }
        if let id { pthread_join(id, nil) }
    }

    private static let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? =
        { argument in
            guard let argument else { return nil }
            let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
            // On Linux, 0 stands for the calling thread and niceness is a thread's own.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, start.niceness)
            start.body()
            return nil
        }

    private final class Start: Sendable {
        let niceness: Int32
        let body: @Sendable () -> Void

        init(_ niceness: Int32, _ body: @escaping @Sendable () -> Void) {
            self.niceness = niceness
            self.body = body
        }
    }
}
