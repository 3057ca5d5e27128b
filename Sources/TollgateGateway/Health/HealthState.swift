internal import Synchronization

/// Whether the server takes questions, and who wants to know when that changes.
///
/// Safe from any thread.
package final class HealthState: Sendable {
    /// What a health check answers.
    package enum Status: UInt8, Sendable {
        case serving = 1
        case notServing = 2
    }

    /// Called, from any thread, after each change.
    typealias Observer = @Sendable (Status) -> Void

    private struct State {
        var status = Status.notServing
        var observers: [Observer] = []
    }

    private let state = Mutex(State())

    /// Not serving, until someone says so.
    package init() {}

    /// The status now.
    package var status: Status {
        state.withLock { $0.status }
    }

    /// Changes the status and tells the observers.
    package func set(_ status: Status) {
        let observers = state.withLock { state -> [Observer] in
            guard state.status != status else { return [] }
            state.status = status
            return state.observers
        }
        for observer in observers { observer(status) }
    }

    /// Adds an observer for the rest of the process's life.
    func observe(_ observer: @escaping Observer) {
        state.withLock { $0.observers.append(observer) }
    }
}
