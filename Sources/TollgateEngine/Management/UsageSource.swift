package import TollgateCore

/// Who knows what was counted: the engine.
///
/// Methods may be called from any thread, and may wait for local storage.
package protocol UsageSource: AnyObject, Sendable {
    /// What was counted for a key; nil when there is none.
    func usage(ofKey id: KeyID) throws(EngineError) -> SubjectUsage?

    /// What was counted for a group; nil when there is none.
    func usage(ofGroup id: GroupID) throws(EngineError) -> SubjectUsage?
}

/// Who has to know that a group has changed: the engine.
package protocol GroupFollower: AnyObject, Sendable {
    /// Makes a change of a group count from the next decision on.
    func groupChanged(_ record: GroupRecord) throws(EngineError)
}

extension Engine: UsageSource, GroupFollower {}
