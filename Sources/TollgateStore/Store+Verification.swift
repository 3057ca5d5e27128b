internal import TollgateCore
internal import TollgateCrypto
package import TollgateEngine

/// What `Store.verify` has found.
package struct StoreVerification: Sendable {
    /// What the audit trail amounts to.
    package var chain = AuditChain()
    /// The last position of the journal.
    package var position: UInt64 = 0
    /// How many blocks are in the journal, not sealed yet.
    package var unsealedBlocks = 0
    /// How many keys there are.
    package var keys = 0
    /// How many checkpoints were compared, and how many are about what was deleted since.
    package var checkpoints = 0
    package var passedCheckpoints = 0
    /// What is not as it should be, each as one sentence.
    package var problems: [String] = []
}

extension Store {
    /// Reads everything that a store keeps, and proves what can be proved of it.
    ///
    /// - Parameters:
    ///   - directory: that of the store, which nobody has open.
    ///   - options: how it is kept.
    ///   - checkpoints: how far it had come, as it was written down elsewhere, in that order.
    /// - Returns: what there is, and what is wrong with it.
    /// - Throws: `.unusable` when there is no store, `.locked` when another process has it open, or
    ///   `.corrupt` when it cannot be opened at all.
    package static func verify(
        directory: String,
        options: StoreOptions,
        checkpoints: [AuditCheckpoint]
    ) throws(StorageError) -> StoreVerification {
        guard DataDirectory.holdsDatabase("\(directory)/db") else {
            throw StorageError(.unusable, "\(directory) holds no store")
        }
        let database = try open("\(directory)/db", options)
        defer { database.close() }
        var found = StoreVerification()
        let snapshot = try database.snapshot()
        let positions = Set(checkpoints.map(\.sealed))
        let inspection = try AuditInspection(snapshot, hashesAt: positions)
        found.chain = inspection.chain
        found.problems += inspection.problems.map { problem in
            (problem.segment.map { "segment \($0): " } ?? "audit log: ") + problem.message
        }
        found.inspectJournal(database)
        found.inspectKeys(database)
        found.inspectWatermark("\(directory)/watermark", database)
        found.compare(checkpoints, with: inspection)
        return found
    }
}

extension StoreVerification {
    fileprivate mutating func inspectJournal(_ database: Database) {
        do {
            let snapshot = try database.snapshot()
            let sealed = try BlockJournal.sealedPosition(in: snapshot)
            let ledger = try LedgerHead(in: snapshot).position
            var last = min(sealed, ledger)
            var count = 0
            // A position without a block is that of a write that failed or was cut short, while one
            // behind it was not: nothing of it was answered. What was durable, the watermark knows.
            try BlockJournal.forEachBlock(after: last, upTo: .max, in: snapshot) {
                (position, block) throws(StorageError) in
                var reader = try JournalBlockReader(block)
                while let record = try reader.next() {
                    if AuditRecord.isRow(try AuditRecord.content(of: record)) {
                        let place = AuditPlace(
                            position: JournalPosition(rawValue: position),
                            index: 0
                        )
                        _ = try AuditRecord.entry(record, time: reader.time, place: place)
                    }
                }
                last = position
                if position > sealed { count += 1 }
                return true
            }
            position = max(last, sealed)
            unsealedBlocks = count
        } catch {
            problems.append("journal: \(error.message)")
        }
    }

    fileprivate mutating func inspectKeys(_ database: Database) {
        do {
            let catalogue = try Catalogue(database)
            var cursor: KeyID?
            repeat {
                let page = try catalogue.page(after: cursor, limit: 1000, scanLimit: 1000) { _ in
                    true
                }
                keys += page.records.count
                for record in page.records {
                    for secret in record.secrets {
                        guard try catalogue.record(forDigest: secret.digest)?.id != record.id
                        else { continue }
                        problems.append("keys: \(record.id) is not found by its secret")
                    }
                }
                cursor = page.next
            } while cursor != nil
        } catch {
            problems.append("keys: \(error.message)")
        }
    }

    fileprivate mutating func inspectWatermark(_ path: String, _ database: Database) {
        do {
            let changes = try Catalogue(database).changes
            try Watermark(path: path).check(Watermark.Mark(position: position, changes: changes))
        } catch {
            problems.append("store: \(error.message)")
        }
    }

    /// Compares what was written down elsewhere with what there is.
    fileprivate mutating func compare(
        _ checkpoints: [AuditCheckpoint],
        with inspection: AuditInspection
    ) {
        for (number, checkpoint) in checkpoints.enumerated() {
            let name = "checkpoint \(number + 1) (position \(checkpoint.position))"
            if checkpoint.position > position {
                problems.append(
                    "\(name): the store ends at position \(position): its end was removed"
                )
            }
            if checkpoint.sealed < chain.anchor {
                passedCheckpoints += 1
                continue
            }
            if checkpoint.sealed > chain.position {
                problems.append("\(name): segments behind \(chain.position) were removed")
            } else if let hash = inspection.hashes[checkpoint.sealed] {
                if hash != checkpoint.hash {
                    problems.append("\(name): the chain up to there was rewritten")
                }
            } else {
                problems.append(
                    "\(name): no segment ends at \(checkpoint.sealed): the chain was rewritten"
                )
            }
            self.checkpoints += 1
        }
    }
}
