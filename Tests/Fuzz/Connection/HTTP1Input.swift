/// One connection that receives an input as HTTP/1, whole and in pieces.
///
/// The first byte says how long the pieces are, what becomes of turns, and who the peer is. Whoever
/// sends in whatever pieces, the service gets the same requests.
package enum HTTP1Input {
    /// What HTTP/2 begins with, which is another fuzzer's.
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    package static func run(_ input: [UInt8]) {
        guard let mode = input.first else { return }
        let bytes = Array(input.dropFirst())
        guard !bytes.starts(with: preface.prefix(bytes.count)) else { return }
        var connection = FuzzConnection(
            pieceLength: [1, 7, 64, 3][Int(mode & 3)],
            outcome: mode >> 3 & 3,
            isLocal: mode & 0x20 != 0
        )
        let inPieces = connection.receive(bytes)
        connection.pieceLength = max(1, bytes.count)
        let whole = connection.receive(bytes)
        // In pieces some are answered before the others come, so that more fit beside each other.
        precondition(
            inPieces.starts(with: whole) || whole.starts(with: inPieces),
            "what the service gets depends on how the bytes come"
        )
    }
}
