internal import Foundation

/// What a driver asks over and over, each time with one of many secrets.
struct Question {
    /// What is in an answer that is right.
    enum Proof {
        /// Anything but an error.
        case any
        /// A reservation: the request is allowed.
        case reservation
        /// `tollgate.v1.CheckResponse.allowed`.
        case allowed
    }

    let path: String
    let headers: [(String, String)]
    /// The message with its gRPC prefix.
    let message: [UInt8]
    /// Where the secret is in it.
    let secretPlace: Int
    let proof: Proof

    /// Envoy's question.
    static func envoy(_ secrets: SecretList, model: String) throws -> Question {
        let check = EnvoyCheck(secret: secrets.text(0), model: model)
        return try Question(EnvoyCheck.path, check.grpcMessage, secrets, proof: .reservation)
    }

    /// The same bytes to a server that does nothing with them.
    static func empty(_ secrets: SecretList, path: String, model: String) throws -> Question {
        let check = EnvoyCheck(secret: secrets.text(0), model: model)
        return try Question(path, check.grpcMessage, secrets, proof: .any)
    }

    /// A native question that counts nothing, but needs the key as any other does.
    static func dryRun(_ secrets: SecretList, model: String) throws -> Question {
        var writer = ProtobufWriter()
        writer.text(1, secrets.text(0))
        writer.text(2, model)
        writer.text(3, "EU")
        writer.number(13, 1)
        let message = EnvoyCheck.prefixed(writer.bytes)
        return try Question(
            "/tollgate.v1.Authorization/Check",
            message,
            secrets,
            proof: .allowed
        )
    }

    private init(
        _ path: String,
        _ message: [UInt8],
        _ secrets: SecretList,
        proof: Proof
    ) throws {
        self.path = path
        self.message = message
        self.proof = proof
        headers = EnvoyCheck.headers
        guard let place = Data(message).range(of: Data(secrets.bytes(0)))?.lowerBound else {
            throw BenchError("the question does not hold its secret")
        }
        secretPlace = place
    }
}

/// The report of what a request has used.
enum Report {
    static let path = "/tollgate.v1.Authorization/Settle"

    /// What is written in the place of a reservation.
    static let placeholder = Array("rs_".utf8) + [UInt8](repeating: 0x30, count: 26)

    /// The message with its gRPC prefix, for a reservation that is put in later.
    static let message: [UInt8] = {
        var writer = ProtobufWriter()
        writer.text(1, String(decoding: placeholder, as: UTF8.self))
        writer.number(6, 812)
        writer.number(7, 311)
        writer.number(9, 200)
        writer.number(10, 1730)
        return EnvoyCheck.prefixed(writer.bytes)
    }()

    /// Where the reservation is in it: behind the prefix, the field's tag and its length.
    static let reservationPlace = 5 + 2
}

/// Secrets of one length, one behind the other: a million take 41 MB.
struct SecretList {
    private var text: [UInt8] = []
    private(set) var count = 0

    /// Of each secret, in bytes.
    var length: Int { count == 0 ? 0 : text.count / count }

    mutating func append(_ secret: [UInt8]) {
        precondition(count == 0 || secret.count == length)
        text += secret
        count += 1
    }

    /// The bytes of a secret.
    func bytes(_ index: Int) -> ArraySlice<UInt8> {
        text[index * length..<(index + 1) * length]
    }

    /// A secret as text.
    func text(_ index: Int) -> String {
        String(decoding: bytes(index), as: UTF8.self)
    }
}
