internal import TollgateCrypto
internal import TollgateEngine

/// What the chain of sealed segments amounts to, once it was found unbroken.
package struct AuditChain: Equatable, Sendable {
    package var segments = 0
    package var decisions = 0
    /// The last position in segments.
    package var position: UInt64 = 0
    /// SHA-256 over everything that is sealed, in hexadecimal: two stores with the same hash have
    /// the same past.
    package var hash = ""
}

extension AuditChain {
    /// Reads every segment and computes its hash anew.
    ///
    /// - Throws: `.corrupt` at the first segment that is missing, damaged or changed.
    init(verifying snapshot: Snapshot) throws(StorageError) {
        var headers = snapshot.iterator(over: .headers)
        var content = snapshot.iterator(over: .segments)
        var previousHash = SHA256.Digest(words: (0, 0, 0, 0))
        var isThere = try headers.seekToFirst()
        while isThere {
            let header = try SegmentHeader(headers.value)
            guard header.previous == position, header.previousHash == previousHash else {
                throw StorageError(
                    .corrupt,
                    "segment \(header.last) does not follow the one that ends at \(position)"
                )
            }
            guard try AuditChain.hash(of: header, &content) == header.hash else {
                throw StorageError(.corrupt, "segment \(header.last) is not what was sealed")
            }
            segments += 1
            decisions += Int(header.decisionCount)
            position = header.last
            previousHash = header.hash
            isThere = try headers.next()
        }
        guard try BlockJournal.sealedPosition(in: snapshot) == position else {
            throw StorageError(.corrupt, "the last segment ends at \(position), too early")
        }
        hash = "\(previousHash)"
    }

    private static func hash(
        of header: SegmentHeader,
        _ content: inout RowIterator
    ) throws(StorageError) -> SHA256.Digest {
        var hash = SHA256()
        hash.update(header.previousHash)
        var isThere = try content.seek(to: header.last.key.span)
        while isThere {
            var reader = ByteReader(content.key, "the key of a chunk")
            guard try reader.bigEndian(UInt64.self) == header.last else { break }
            hash.update(content.value)
            isThere = try content.next()
        }
        hash.update(header.hashedFields.span)
        return hash.finalize()
    }
}
