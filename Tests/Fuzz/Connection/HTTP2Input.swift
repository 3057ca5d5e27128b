/// One connection that receives an input in pieces.
///
/// The first byte says how: its low bits whether the preface, SETTINGS and their acknowledgement
/// are put before the rest, how long the pieces are, and what becomes of turns.
package enum HTTP2Input {
    private static let opening: [UInt8] =
        Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
        + [0, 0, 0, 4, 1, 0, 0, 0, 0]

    package static func run(_ input: [UInt8]) {
        guard let mode = input.first else { return }
        let connection = FuzzConnection(
            pieceLength: [1, 7, 64, 65_536][Int(mode >> 1 & 3)],
            outcome: mode >> 3 & 3,
            isLocal: mode & 0x20 != 0
        )
        connection.receive((mode & 1 == 0 ? opening : []) + input.dropFirst())
    }
}
