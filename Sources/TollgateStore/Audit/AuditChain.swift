internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine

/// What the chain of sealed segments amounts to.
package struct AuditChain: Equatable, Sendable {
    package var segments = 0
    package var decisions = 0
    /// How many actions of administrators there are.
    package var actions = 0
    /// How many segments were deleted for their age, before the first that is there.
    package var deletedSegments: UInt64 = 0
    /// The last position of those, 0 when there are none.
    package var anchor: UInt64 = 0
    /// The last position in segments.
    package var position: UInt64 = 0
    /// SHA-256 over everything that is sealed, in hexadecimal: two stores with the same hash have
    /// the same past.
    package var hash = ""

    /// Something that is not as it was sealed.
    package struct Problem: Equatable, Sendable {
        /// The last position of the segment that it is about; nil when it is about none.
        package let segment: UInt64?
        /// One sentence: what is wrong, and where.
        package let message: String
    }
}

/// Reads every segment, computes its hash anew and compares it with what was sealed.
struct AuditInspection {
    private(set) var chain = AuditChain()
    private(set) var problems: [AuditChain.Problem] = []
    /// The hash that the chain had at each position that was asked for.
    private(set) var hashes: [UInt64: String] = [:]

    /// What the chain must have led to; nil behind a header that cannot be read.
    private var previousHash: SHA256.Digest?
    private let snapshot: Snapshot
    private let wanted: Set<UInt64>

    /// How many problems are told; a chain that is all wrong needs no more.
    private static let problemLimit = 100

    /// Inspects everything that is sealed.
    ///
    /// - Parameters:
    ///   - snapshot: where to read.
    ///   - positions: of which the hash is to be kept.
    /// - Throws: when something cannot be read at all.
    init(_ snapshot: Snapshot, hashesAt positions: Set<UInt64> = []) throws(StorageError) {
        self.snapshot = snapshot
        wanted = positions
        let anchor = try AuditAnchor(in: snapshot)
        chain.anchor = anchor.position
        chain.deletedSegments = anchor.segments
        chain.position = anchor.position
        previousHash = anchor.hash
        note(anchor.hash, at: anchor.position)
        var content = snapshot.iterator(over: .segments)
        var headers = snapshot.iterator(over: .headers)
        var isThere = try headers.seekToFirst()
        while isThere {
            var reader = ByteReader(headers.key, "the key of a header")
            try inspect(headers.value, named: try reader.bigEndian(), &content)
            isThere = try headers.next()
        }
        try inspectEnd()
        chain.hash = "\(previousHash ?? anchor.hash)"
    }

    private mutating func note(_ hash: SHA256.Digest, at position: UInt64) {
        if wanted.contains(position) { hashes[position] = "\(hash)" }
    }

    private mutating func report(_ segment: UInt64?, _ message: String) {
        guard problems.count < AuditInspection.problemLimit else { return }
        problems.append(AuditChain.Problem(segment: segment, message: message))
    }

    private mutating func inspect(
        _ bytes: Span<UInt8>,
        named name: UInt64,
        _ content: inout RowIterator
    ) throws(StorageError) {
        chain.segments += 1
        let header: SegmentHeader
        do {
            header = try SegmentHeader(bytes)
        } catch {
            report(name, "its header makes no sense")
            (chain.position, previousHash) = (name, nil)
            return
        }
        inspectPlace(of: header, named: name)
        var check = SegmentCheck(header)
        try check.run(over: &content, in: snapshot)
        for problem in check.problems { report(name, problem) }
        chain.decisions += Int(header.outline.decisionCount)
        chain.actions += Int(header.outline.actionCount)
        chain.position = name
        previousHash = header.hash
        note(header.hash, at: name)
    }

    private mutating func inspectPlace(of header: SegmentHeader, named name: UInt64) {
        let expected = chain.position
        if header.last != name {
            report(name, "it was sealed as segment \(header.last): segments were exchanged")
        }
        if header.outline.previous > expected {
            report(
                name,
                "what comes before it is missing: positions \(expected + 1) to"
                    + " \(header.outline.previous)"
            )
        } else if header.outline.previous < expected {
            report(name, "it overlaps with what comes before it: segments were put in or exchanged")
        } else if let previousHash, header.previousHash != previousHash {
            report(name, "it was sealed behind another past than the one that is there")
        }
    }

    /// What is behind the last header.
    private mutating func inspectEnd() throws(StorageError) {
        let sealed = try BlockJournal.sealedPosition(in: snapshot)
        if sealed != chain.position {
            report(
                nil,
                "the last segment ends at position \(chain.position), but everything up to"
                    + " \(sealed) was sealed: the end was removed"
            )
        }
    }
}
