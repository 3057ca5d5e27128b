import Foundation
import Testing

@testable import TollgateCrypto

@Suite("Signing")
struct SigningKeyTests {
    private func bytes(_ digits: String) -> [UInt8] {
        stride(from: 0, to: digits.count, by: 2).compactMap { place in
            let start = digits.index(digits.startIndex, offsetBy: place)
            return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
        }
    }

    @Test(
        "gives the signatures of RFC 8032, section 7.1",
        arguments: [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
                    + "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            ),
            (
                "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
                    + "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
            ),
        ]
    )
    func vectors(secret: String, publicKey: String, message: String, signature: String) throws {
        let key = try SigningKey(try Pepper(bytes: bytes(secret).span))
        #expect(key.publicKey == bytes(publicKey))
        #expect(try key.sign(bytes(message)) == bytes(signature))
        #expect(
            SigningKey.isValid(bytes(signature), of: bytes(message), by: bytes(publicKey))
        )
    }

    @Test("proves who signed what, and nothing else")
    func forgeries() throws {
        let key = try SigningKey(try Pepper.generate())
        let other = try SigningKey(try Pepper.generate())
        let message = Array("position 7".utf8)
        let signature = try key.sign(message)
        #expect(SigningKey.isValid(signature, of: message, by: key.publicKey))
        #expect(!SigningKey.isValid(signature, of: message, by: other.publicKey))
        #expect(!SigningKey.isValid(signature, of: message + [0], by: key.publicKey))
        #expect(!SigningKey.isValid(try other.sign(message), of: message, by: key.publicKey))
        #expect(!SigningKey.isValid([], of: message, by: key.publicKey))
        #expect(!SigningKey.isValid(signature, of: message, by: []))
    }

    @Test("keeps the key in a file that is the owner's alone, and finds it again")
    func file() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let key = try SigningKey(loadingOrCreating: path).publicKey
        #expect(try SigningKey(loadingOrCreating: path).publicKey == key)
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let error = #expect(throws: CryptoError.self) {
            _ = try SigningKey(loadingOrCreating: path)
        }
        #expect(error?.message.hasPrefix("signing key \(path) is open to others") == true)
    }
}
