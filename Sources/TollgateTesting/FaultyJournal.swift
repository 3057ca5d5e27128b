internal import Synchronization
package import TollgateCore
package import TollgateEngine

/// A journal that fails when it is told to, in front of one that works.
package final class FaultyJournal: Journal {
    package var isWritable: Bool { true }

    /// What goes wrong.
    package enum Fault: Sendable {
        /// Nothing does.
        case none
        /// Appending throws, and the block is not there.
        case losesAppends(StorageError)
        /// Appending throws, but the block is there: a failed write means *unknown*.
        case keepsFailedAppends(StorageError)
        /// Appending works, but nothing becomes durable.
        case failsSyncs(StorageError)
        /// Appending works, and whether it is durable is told only when the fault ends.
        case holdsSyncs
    }

    private struct State {
        var fault = Fault.none
        var held: [@Sendable () -> Void] = []
        var whenAppended: @Sendable () -> Void = {}
    }

    private let base: any Journal
    private let state = Mutex(State())

    /// Puts itself in front of a journal.
    package init(_ base: any Journal) {
        self.base = base
    }

    /// What goes wrong from now on.
    ///
    /// Setting it calls back those who were held.
    package var fault: Fault {
        get { state.withLock { $0.fault } }
        set {
            let held = state.withLock { state in
                state.fault = newValue
                defer { state.held = [] }
                return state.held
            }
            for call in held { call() }
        }
    }

    /// Calls back once, after the next append that is kept, failed or not, before whoever appends
    /// knows.
    package func whenAppended(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.whenAppended = body }
    }

    package func append(
        _ block: Span<UInt8>,
        epoch: JournalEpoch
    ) throws(StorageError) -> JournalPosition {
        let fault = fault
        if case .losesAppends(let error) = fault { throw error }
        let position = try base.append(block, epoch: epoch)
        let whenAppended = state.withLock { state in
            defer { state.whenAppended = {} }
            return state.whenAppended
        }
        whenAppended()
        if case .keepsFailedAppends(let error) = fault { throw error }
        return position
    }

    package func appendDurably(
        _ block: Span<UInt8>,
        epoch: JournalEpoch
    ) throws(StorageError) -> JournalPosition {
        if case .failsSyncs(let error) = fault { throw error }
        return try append(block, epoch: epoch)
    }

    /// Fails as long as appending does.
    package func recover() throws(StorageError) -> JournalEpoch {
        switch fault {
        case .none, .failsSyncs, .holdsSyncs: return try base.recover()
        case .losesAppends(let error), .keepsFailedAppends(let error): throw error
        }
    }

    package func whenDurable(
        _ position: JournalPosition,
        _ body: @escaping @Sendable (StorageError?) -> Void
    ) {
        let base = base
        let isHeld = state.withLock { state in
            guard case .holdsSyncs = state.fault else { return false }
            state.held.append { base.whenDurable(position, body) }
            return true
        }
        if isHeld { return }
        if case .failsSyncs(let error) = fault {
            body(error)
        } else {
            base.whenDurable(position, body)
        }
    }
}
