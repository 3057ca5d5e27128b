/// Sends many entries in batches, one behind the other, and knows where that ended.
struct Batches {
    /// Why not all entries were sent, and which.
    struct Stop: Equatable {
        /// The places of the entries in the call that failed; those behind were not sent.
        let batch: Range<Int>
        /// Whether the server may have done what it was asked to all the same.
        let isUncertain: Bool
        /// One line for the person who typed the command.
        let message: String
    }

    /// What is done, as people say it.
    let name: String
    /// How many entries are sent at once.
    let size: Int

    /// Sends entries until all are sent or a call fails, and shows how far it is.
    ///
    /// - Parameters:
    ///   - entries: what is sent.
    ///   - call: sends some of them, and keeps what became of those; their places are those among all.
    /// - Returns: where it ended before its time; nil when all calls were answered. Nothing is thrown,
    ///   so that what is known of the calls before is not lost.
    func send<Entry>(
        _ entries: [Entry],
        _ call: (ArraySlice<Entry>) async throws -> Void
    ) async -> Stop? {
        var progress = ProgressLine(name)
        defer { progress.finish() }
        for start in stride(from: 0, to: entries.count, by: size) {
            let batch = start..<min(start + size, entries.count)
            do {
                try await call(entries[batch])
            } catch {
                return Stop(batch, error)
            }
            progress.show(batch.upperBound, of: entries.count)
        }
        return nil
    }
}

extension Batches.Stop {
    /// What an error says of the call that has failed with it.
    fileprivate init(_ batch: Range<Int>, _ error: any Error) {
        self.batch = batch
        switch error {
        case let trouble as APIClient.Trouble:
            isUncertain = trouble.isUncertain
            message = trouble.failure.message
        case let refusal as CommandFailure:
            isUncertain = false
            message = refusal.message
        default:
            isUncertain = true
            message = "\(error)"
        }
    }
}
