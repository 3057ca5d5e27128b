internal import Synchronization
internal import TollgateEngine

/// Where one thread waits until a block is durable, or will not be.
final class Landing: Sendable {
    private enum State {
        case isUnderWay
        case ended(StorageError?)
    }

    private let state = Mutex(State.isUnderWay)
    private let signal = Signal()

    /// Lets whoever waits go on.
    func end(with error: StorageError?) {
        state.withLock { $0 = .ended(error) }
        signal.raise()
    }

    /// Waits for the end.
    func wait() throws(StorageError) {
        while true {
            if case .ended(let error) = state.withLock({ $0 }) {
                if let error { throw error }
                return
            }
            signal.wait(milliseconds: 1000)
        }
    }
}
