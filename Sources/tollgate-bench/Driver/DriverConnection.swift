/// One HTTP/2 connection with several calls open: as much of RFC 9113 as two known servers need.
final class DriverConnection {
    /// A call that waits for its answer.
    struct Call {
        let stream: UInt32
        let isReport: Bool
        /// When it was due, in nanoseconds.
        let dueAt: UInt64
        /// The reservation in its answer, empty when there is none.
        var reservation: [UInt8] = []
        var isProven = false
    }

    let socket: DriverSocket
    private let question: Question
    private let authority: String
    private var encoder = HeaderEncoder()
    /// Header blocks of questions and of reports, once they do not change any more.
    private var blocks: [[UInt8]] = [[], []]
    private var nextStream: UInt32 = 1
    /// How much the server lets us send.
    private var window = 65_535
    /// How much it has sent since it was last told that there is room.
    private var received = 0
    private(set) var calls: [Call] = []
    /// The calls that the last `receive` has completed.
    private(set) var completed: [Call] = []

    /// Connects and says what HTTP/2 begins with.
    init(port: Int, _ question: Question) throws {
        self.question = question
        authority = "127.0.0.1:\(port)"
        socket = try DriverSocket(port: port)
        socket.output += Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
        append(.settings, 0, stream: 0, [])
        grantRoom(DriverConnection.room - window)
        try socket.send()
    }

    /// How much may be on its way to us: answers never wait for room.
    private static let room = 1 << 30

    private enum Frame: UInt8 {
        case data = 0
        case headers = 1
        case reset = 3
        case settings = 4
        case ping = 6
        case goAway = 7
        case windowUpdate = 8
    }

    private static let endStream: UInt8 = 1
    private static let endHeaders: UInt8 = 4

    // MARK: Sending

    /// Whether the server lets us send another question.
    var hasRoom: Bool { window > question.message.count }

    /// Asks with a secret; it is sent with the next `socket.send`.
    func ask(_ secret: ArraySlice<UInt8>, dueAt: UInt64) {
        let start = begin(question.path, isReport: false, question.message, dueAt)
        replace(at: start + question.secretPlace, by: secret)
    }

    /// Reports what a reservation has used.
    func report(_ reservation: [UInt8], at time: UInt64) {
        let start = begin(Report.path, isReport: true, Report.message, time)
        replace(at: start + Report.reservationPlace, by: reservation[...])
    }

    /// Begins a call; returns where its message is in the output.
    private func begin(
        _ path: String,
        isReport: Bool,
        _ message: [UInt8],
        _ dueAt: UInt64
    ) -> Int {
        let kind = isReport ? 1 : 0
        if blocks[kind].isEmpty {
            let fields = [
                (":method", "POST"), (":scheme", "http"), (":path", path),
                (":authority", authority),
            ]
            let block = encoder.encode(fields + question.headers)
            // Once all fields have a number, the block stays as it is unless new ones come.
            if block.allSatisfy({ $0 >= 0x80 }) { blocks[kind] = block } else { blocks = [[], []] }
            append(.headers, DriverConnection.endHeaders, stream: nextStream, block)
        } else {
            append(.headers, DriverConnection.endHeaders, stream: nextStream, blocks[kind])
        }
        append(.data, DriverConnection.endStream, stream: nextStream, message)
        window -= message.count
        calls.append(Call(stream: nextStream, isReport: isReport, dueAt: dueAt))
        nextStream += 2
        return socket.output.count - message.count
    }

    private func replace(at place: Int, by bytes: ArraySlice<UInt8>) {
        socket.output.replaceSubrange(place..<place + bytes.count, with: bytes)
    }

    private func append(_ frame: Frame, _ flags: UInt8, stream: UInt32, _ payload: [UInt8]) {
        let length = UInt32(payload.count)
        for shift: UInt32 in [16, 8, 0] {
            socket.output.append(UInt8(truncatingIfNeeded: length >> shift))
        }
        socket.output.append(frame.rawValue)
        socket.output.append(flags)
        append(stream)
        socket.output += payload
    }

    private func append(_ number: UInt32) {
        for shift: UInt32 in [24, 16, 8, 0] {
            socket.output.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    private func grantRoom(_ count: Int) {
        append(.windowUpdate, 0, stream: 0, [0, 0, 0, 0])
        socket.output.removeLast(4)
        append(UInt32(count))
    }

    // MARK: Receiving

    /// Reads what has arrived; what it completes is in `completed`.
    ///
    /// - Throws: when a call fails, or an answer does not prove what it must.
    func receive() throws {
        completed.removeAll(keepingCapacity: true)
        try socket.receive()
        while socket.end - socket.start >= 9 {
            let header = socket.start
            let length =
                Int(socket.input[header]) << 16 | Int(socket.input[header + 1]) << 8
                | Int(socket.input[header + 2])
            guard socket.end - header >= 9 + length else { return }
            try take(
                socket.input[header + 3],
                socket.input[header + 4],
                stream: number(at: header + 5) & 0x7FFF_FFFF,
                header + 9..<header + 9 + length
            )
            socket.consume(9 + length)
        }
    }

    private func number(at place: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 8 | UInt32(socket.input[place + $1]) }
    }

    private func take(
        _ kind: UInt8,
        _ flags: UInt8,
        stream: UInt32,
        _ payload: Range<Int>
    ) throws {
        let isLast = flags & DriverConnection.endStream != 0
        switch Frame(rawValue: kind) {
        case .data:
            received += payload.count
            if received > DriverConnection.room / 2 {
                grantRoom(received)
                received = 0
            }
            if let place = calls.firstIndex(where: { $0.stream == stream }) {
                read(payload, into: &calls[place])
            }
            if isLast { try complete(stream) }
        case .headers: if isLast { try complete(stream) }
        case .settings where flags & 1 == 0: append(.settings, 1, stream: 0, [])
        case .ping where flags & 1 == 0: append(.ping, 1, stream: 0, Array(socket.input[payload]))
        case .windowUpdate: if stream == 0 { window += Int(number(at: payload.lowerBound)) }
        case .reset, .goAway: throw BenchError("the server has ended a call")
        default: break
        }
    }

    private func read(_ payload: Range<Int>, into call: inout Call) {
        switch call.isReport ? .any : question.proof {
        case .any: call.isProven = true
        case .allowed:
            // Field 1, a number that is 1, directly behind the prefix.
            let place = payload.lowerBound + 5
            call.isProven =
                payload.count >= 7 && socket.input[place] == 8 && socket.input[place + 1] == 1
        case .reservation:
            guard let place = place(ofReservationIn: payload) else { return }
            call.reservation = Array(socket.input[place..<place + Report.placeholder.count])
            call.isProven = true
        }
    }

    private func place(ofReservationIn payload: Range<Int>) -> Int? {
        let last = payload.upperBound - Report.placeholder.count
        return socket.input.withUnsafeBufferPointer { bytes in
            var place = payload.lowerBound
            while place <= last {
                if bytes[place] == 0x72, bytes[place + 1] == 0x73, bytes[place + 2] == 0x5F {
                    return place
                }
                place += 1
            }
            return nil
        }
    }

    private func complete(_ stream: UInt32) throws {
        guard let place = calls.firstIndex(where: { $0.stream == stream }) else { return }
        let call = calls.remove(at: place)
        // Only an error, or a server that has nothing to say, ends a call without a message.
        guard call.isProven || !call.isReport && question.proof.isAny else {
            throw BenchError(
                call.isReport ? "a report was refused" : "a request was not allowed under load"
            )
        }
        completed.append(call)
    }
}

extension Question.Proof {
    fileprivate var isAny: Bool {
        if case .any = self { return true }
        return false
    }
}
