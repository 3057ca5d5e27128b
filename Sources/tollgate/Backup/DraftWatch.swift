internal import Dispatch
internal import Glibc

/// Takes a file away that is not whole when the process is asked to end meanwhile, by SIGINT or
/// SIGTERM.
struct DraftWatch {
    private static let signals = [SIGINT, SIGTERM]

    private let sources: [any DispatchSourceSignal]

    /// Watches over a file until `end` is called.
    ///
    /// What the process was started to ignore, as shells have it of what runs behind, it goes on to
    /// ignore.
    init(_ path: String) {
        sources = DraftWatch.signals.compactMap { number in
            // Else the process would have ended before anybody is told.
            let last = signal(number, SIG_IGN)
            if unsafeBitCast(last, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                return nil
            }
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                unlink(path)
                DraftWatch.die(of: number)
            }
            source.resume()
            return source
        }
    }

    /// Signals end the process again as ever.
    func end() {
        for source in sources {
            source.cancel()
            signal(Int32(truncatingIfNeeded: source.handle), SIG_DFL)
        }
    }

    /// Ends the process by the signal, so that whoever started it sees what it was.
    private static func die(of number: Int32) {
        signal(number, SIG_DFL)
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, number)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        raise(number)
    }
}
