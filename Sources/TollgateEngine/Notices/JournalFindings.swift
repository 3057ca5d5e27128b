package import TollgateCore

/// What a part of the journal says that somebody may want to be told, summed up.
package struct JournalFindings: Sendable {
    /// What an administrator has done.
    package struct Act: Equatable, Sendable {
        package let time: WallTime
        package let action: ManagementAction

        package init(time: WallTime, action: ManagementAction) {
            self.time = time
            self.action = action
        }
    }

    /// What a key was denied for, in which minute since 1970.
    package struct Denial: Hashable, Sendable {
        package let keyID: KeyID
        package let reason: Reason
        /// The limit that denied it; nil when it was none.
        package let limit: LimitName?
        package let level: LimitLevel
        package let minute: Int64

        package init(
            _ keyID: KeyID,
            _ reason: Reason,
            limit: LimitName? = nil,
            level: LimitLevel = .key,
            minute: Int64
        ) {
            self.keyID = keyID
            self.reason = reason
            self.limit = limit
            self.level = level
            self.minute = minute
        }
    }

    /// Which content rule of a key was found in a request, by its place, in which minute since 1970.
    package struct Content: Hashable, Sendable {
        package let keyID: KeyID
        package let rule: UInt8
        package let minute: Int64

        package init(_ keyID: KeyID, rule: UInt8, minute: Int64) {
            self.keyID = keyID
            self.rule = rule
            self.minute = minute
        }
    }

    /// The last position that was looked at.
    package var position: JournalPosition
    /// When the last block was written; nil when there was none.
    package var time: WallTime?
    package var acts: [Act] = []
    /// How often each; kinds beyond `kindLimit` are not told apart any more.
    package var denials: [Denial: UInt64] = [:]
    /// How often each; bounded as `denials`.
    package var content: [Content: UInt64] = [:]
    /// The keys that were allowed something and have thresholds.
    package var watched: Set<KeyID> = []
    /// The keys that asked for something unlike what they are used for.
    package var unusual: Set<KeyID> = []
    /// Whether there is more to look at.
    package var hasMore = false

    private static let kindLimit = 100_000

    package init(upTo position: JournalPosition) {
        self.position = position
    }

    /// Adds what a block says.
    ///
    /// - Returns: how many records the block has.
    /// - Throws: `.corrupt` when the block makes no sense.
    package mutating func add(_ block: Span<UInt8>) throws(StorageError) -> Int {
        var reader = try JournalBlockReader(block)
        let now = reader.time
        let count = Int(reader.left)
        let minute = now.milliseconds / 60_000
        while let record = try reader.next() {
            switch record[2] {
            case ActionRecord.type:
                acts.append(Act(time: now, action: try ActionRecord.read(record)))
            case DecisionRecord.type:
                let outline = try DecisionRecord.outline(of: record)
                guard let key = outline.keyID else { continue }
                if outline.isUnusual { unusual.insert(key) }
                add(contentRules: outline.found, of: key, minute)
                if outline.reason == .allowed {
                    if outline.isWatched { watched.insert(key) }
                } else {
                    add(outline.reason, of: key, try DecisionRecord.limit(of: record), minute)
                }
            default: break
            }
        }
        time = now
        return count
    }

    private mutating func add(contentRules found: UInt64, of key: KeyID, _ minute: Int64) {
        var found = found
        while found != 0 {
            let rule = UInt8(truncatingIfNeeded: found.trailingZeroBitCount)
            found &= found - 1
            let finding = Content(key, rule: rule, minute: minute)
            guard content[finding] != nil || content.count < JournalFindings.kindLimit else {
                continue
            }
            content[finding, default: 0] &+= 1
        }
    }

    private mutating func add(
        _ reason: Reason,
        of key: KeyID,
        _ limit: AuditEntry.LimitPlace?,
        _ minute: Int64
    ) {
        guard limit != nil || reason.isOfCredentials else { return }
        let denial = Denial(
            key,
            reason,
            limit: limit?.name,
            level: limit?.level ?? .key,
            minute: minute
        )
        guard denials[denial] != nil || denials.count < JournalFindings.kindLimit else { return }
        denials[denial, default: 0] &+= 1
    }
}

extension Reason {
    /// Whether a key that is known may not be used at all, or not from there.
    var isOfCredentials: Bool {
        switch self {
        case .keyDisabled, .keyExpired, .keyRevoked, .ipNotAllowed: true
        default: false
        }
    }
}

/// A journal that can be read from one position on, by one reader.
///
/// As `NoticeStore`. Blocks stay in the journal until they were read, within bounds.
package protocol JournalReading: AnyObject, Sendable {
    /// Begins to keep blocks until they were read.
    ///
    /// - Returns: the last position that was read; the journal's end when none ever was.
    func beginReading() throws(StorageError) -> JournalPosition

    /// What is behind a position, up to a bounded number of decisions; nil when nothing is.
    ///
    /// - Throws: also when the journal does not reach the position any more; reading is then to be
    ///   begun again.
    func findings(after position: JournalPosition) throws(StorageError) -> JournalFindings?
}
