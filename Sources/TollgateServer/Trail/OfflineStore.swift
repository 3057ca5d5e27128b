internal import Foundation
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateStore

/// What can be done with a data directory that no server has open.
package struct OfflineStore: Sendable {
    private let directory: String

    package init(directory: String) {
        self.directory = directory
    }

    /// What was found.
    package struct Report: Sendable {
        /// What there is, a line for each fact.
        package var facts: [String] = []
        /// What is wrong, a line for each; empty when everything is as it was recorded.
        package var problems: [String] = []
    }

    /// Proves what can be proved of everything that is kept.
    ///
    /// - Parameters:
    ///   - checkpoints: a file of checkpoints, or a log with some, to compare with; nil for none.
    ///   - publicKey: the key that has signed them, in hexadecimal; nil for that of the directory.
    /// - Returns: what was found.
    /// - Throws: in one line, why nothing can be said.
    package func verify(
        checkpoints: String?,
        publicKey: String?
    ) throws(ServerError) -> Report {
        var report = Report()
        var known: [AuditCheckpoint] = []
        if let checkpoints {
            known = try read(checkpoints, publicKey: try self.publicKey(publicKey), &report)
        }
        let found: StoreVerification
        do {
            found = try Store.verify(
                directory: directory,
                options: StoreOptions(),
                checkpoints: known
            )
        } catch {
            guard error.code == .corrupt else {
                throw ServerError("\(directory): \(error.message)")
            }
            report.problems.append(error.message)
            return report
        }
        let chain = found.chain
        report.facts += [
            "segments: \(chain.segments), up to position \(chain.position)",
            "decisions in them: \(chain.decisions); management actions: \(chain.actions)",
            "deleted for their age: \(chain.deletedSegments) segments",
            "blocks not sealed yet: \(found.unsealedBlocks), up to position \(found.position)",
            "keys: \(found.keys)", "chain: \(chain.hash)",
        ]
        if checkpoints != nil {
            report.facts.append(
                "checkpoints: \(found.checkpoints) compared,"
                    + " \(found.passedCheckpoints) about what was deleted for its age"
            )
        }
        report.problems += found.problems
        return report
    }

    /// The key that checkpoints must be signed with: the one that was named, or the directory's own.
    private func publicKey(_ digits: String?) throws(ServerError) -> [UInt8] {
        if let digits {
            guard
                let key = SignedCheckpoint.bytes(digits: digits),
                key.count == SigningKey.publicKeyLength
            else { throw ServerError("the public key must be 64 hexadecimal digits") }
            return key
        }
        let path = "\(directory)/\(House.signingKeyName)"
        guard FileManager.default.fileExists(atPath: path) else {
            throw ServerError("\(path) does not exist: name the key with --public-key")
        }
        do {
            return try SigningKey(loadingOrCreating: path).publicKey
        } catch {
            throw ServerError(error.message)
        }
    }

    private func read(
        _ path: String,
        publicKey: [UInt8],
        _ report: inout Report
    ) throws(ServerError) -> [AuditCheckpoint] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ServerError("\(path) cannot be read")
        }
        var checkpoints: [AuditCheckpoint] = []
        var isEmpty = true
        let lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.isEmpty {
            let place = "\(path):\(index + 1)"
            guard let signed = SignedCheckpoint(line) else {
                // What others have written into the same log begins with a time or a priority.
                if line.first == UInt8(ascii: "{") {
                    report.problems.append("\(place): is no checkpoint")
                }
                continue
            }
            isEmpty = false
            guard signed.publicKey == publicKey, signed.isGenuine else {
                report.problems.append("\(place): is not signed by this server's key")
                continue
            }
            checkpoints.append(signed.checkpoint)
        }
        if isEmpty { report.problems.append("\(path): has no checkpoint") }
        return checkpoints
    }

    /// Keeps what comes before the damage of a log that cannot be opened.
    ///
    /// - Returns: what there is now; its problems say what is lost.
    /// - Throws: in one line, why not even that can be kept.
    package func repair() throws(ServerError) -> Report {
        do {
            let repaired = try Store.repair(directory: directory, options: StoreOptions())
            var report = Report()
            report.facts = [
                "the journal ends at position \(repaired.position)",
                "changes of keys: \(repaired.changes)",
            ]
            if repaired.isLossy {
                report.problems = [
                    "position \(repaired.durablePosition ?? 0) and change"
                        + " \(repaired.durableChanges ?? 0) were durable and are lost; to serve"
                        + " without them, remove \(directory)/watermark"
                ]
            }
            return report
        } catch {
            throw ServerError("\(directory): \(error.message)")
        }
    }
}
