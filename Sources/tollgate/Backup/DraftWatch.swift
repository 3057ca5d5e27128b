internal import Dispatch
internal import Glibc

/// Takes a file away that is not whole when the process is asked to end meanwhile, by SIGINT or
/// SIGTERM.
struct DraftWatch {
    private static let signals = [SIGINT, SIGTERM]

    private let sources: [any DispatchSourceSignal]

    /// Watches over a file until `end` is called.
    init(_ path: String) {
        sources = DraftWatch.signals.map { number in
            // Else the process would have ended before anybody is told.
            signal(number, SIG_IGN)
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
        for source in sources { source.cancel() }
        for number in DraftWatch.signals { signal(number, SIG_DFL) }
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
