internal import HTTP2Testing
internal import TollgateTransport

/// A loop in memory whose service notes what it is told.
typealias Harness = LoopHarness<RecordingService>

extension LoopHarness<RecordingService> {
    convenience init(_ change: (inout TransportConfiguration) -> Void = { _ in }) throws {
        try self.init(methods: testMethods, change) { loop in RecordingService(loop) }
    }
}
