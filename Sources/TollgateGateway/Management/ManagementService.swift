internal import Synchronization
internal import TollgateTransport

/// `tollgate.v1.KeyManagement` on one event loop.
///
/// What is asked waits for the disk, so others answer it, and the loop goes on meanwhile.
final class ManagementService {
    /// The most calls that wait for an answer on one loop: administrators are few.
    private static let openLimit = 64

    private let port: (any ManagementPort)?
    private let loop: RPCLoop
    private let answers = Answers()
    private var open: Set<CallID> = []

    /// Where other threads leave answers for the loop.
    private final class Answers: Sendable {
        private let waiting = Mutex<[(CallID, Result<[UInt8], ManagementRefusal>)]>([])

        func add(_ call: CallID, _ answer: Result<[UInt8], ManagementRefusal>) {
            waiting.withLock { $0.append((call, answer)) }
        }

        func takeAll() -> [(CallID, Result<[UInt8], ManagementRefusal>)] {
            waiting.withLock { waiting in
                defer { waiting = [] }
                return waiting
            }
        }
    }

    /// The management of one more loop; nil for none.
    init(_ port: (any ManagementPort)?, on loop: RPCLoop) {
        self.port = port
        self.loop = loop
    }

    /// Hands a call on.
    func call(_ call: CallID, _ index: Int, _ message: Span<UInt8>) {
        guard let port, ManagementMethods.names.indices.contains(index) else {
            return loop.fail(call, CallFailure.unimplemented.status, .now)
        }
        guard open.count < ManagementService.openLimit else {
            return loop.fail(call, CallFailure.overloaded.status, .now)
        }
        open.insert(call)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(message.count)
        for index in 0..<message.count { bytes.append(message[index]) }
        let question = ManagementCall(
            method: ManagementMethods.names[index],
            message: bytes,
            authorization: loop.headers("authorization", of: call),
            apiKeys: loop.headers("x-api-key", of: call),
            peer: loop.peer(of: call)
        )
        let (loop, answers) = (loop, answers)
        port.answer(question) { answer in
            answers.add(call, answer)
            loop.wakeService()
        }
    }

    /// Gives the answers that have come to those who still wait for them.
    func deliver() {
        for (call, answer) in answers.takeAll() where open.remove(call) != nil {
            switch answer {
            case .success(let message): loop.reply(to: call, with: message.span, .now)
            case .failure(let refusal): loop.fail(call, refusal.status, .now)
            }
        }
    }

    /// Forgets a call whose client is gone; what it has asked for is done all the same.
    func forget(_ call: CallID) {
        open.remove(call)
    }
}
