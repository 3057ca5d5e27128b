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

extension Engine: UsageSource, GroupFollower {}
