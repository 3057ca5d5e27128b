import Testing
import TollgateCore

@testable import TollgateWire

@Suite("Stored suppliers")
struct SupplierRecordCodecTests {
    private var record: SupplierRecord {
        var record = SupplierRecord(
            name: "openai-eu",
            provider: "openai",
            baseURL: "https://eu.api.openai.com/v1",
            createdAt: WallTime(milliseconds: 5)
        )
        record.updatedAt = WallTime(milliseconds: -7)
        return record
    }

    @Test("A supplier comes back as it was, with everything and with nothing")
    func roundTrip() throws {
        var whole = record
        whole.region = "EU"
        whole.hostHeader = "other:8443"
        whole.isEnabled = false
        whole.models = ["gpt-*", "größe"]
        whole.version = 9
        for form in [CredentialForm.bearer, .basic, .header("x-key")] {
            whole.credential = SealedCredential(form: form, box: [0, 1, 255])
            #expect(try SupplierRecordCodec.decode(SupplierRecordCodec.encode(whole).span) == whole)
        }
        #expect(try SupplierRecordCodec.decode(SupplierRecordCodec.encode(record).span) == record)
    }

    @Test("A field of a later version is refused, not lost")
    func unknownField() {
        let bytes = SupplierRecordCodec.encode(record) + [0xF8, 0x07, 0x01]
        #expect(throws: WireError.unknownField) { try SupplierRecordCodec.decode(bytes.span) }
    }
}
