internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("A key's record")
struct KeyRecordTests {
    @Test("is expired from the millisecond of its end on, and only when it is enabled")
    func effectiveStatus() {
        var record = KeyRecord.sample { $0.expiresAt = WallTime(milliseconds: 100) }
        #expect(record.effectiveStatus(at: WallTime(milliseconds: 99)) == .enabled)
        #expect(record.effectiveStatus(at: WallTime(milliseconds: 100)) == .expired)
        record.status = .disabled
        #expect(record.effectiveStatus(at: WallTime(milliseconds: 100)) == .disabled)
        record.status = .revoked
        #expect(record.effectiveStatus(at: WallTime(milliseconds: 100)) == .revoked)
        record.status = .enabled
        record.expiresAt = nil
        #expect(record.effectiveStatus(at: WallTime(milliseconds: .max)) == .enabled)
    }

    @Test("keeps the numbers under which statuses and permissions are stored")
    func storedNumbers() {
        let statuses = KeyStatus.allCases.map { "\($0.rawValue) \($0.name)" }
        #expect(statuses == ["1 enabled", "2 disabled", "3 revoked", "4 expired"])
        #expect(Permissions.manageKeys.rawValue == 1)
        #expect(Permissions.viewAllUsage.rawValue == 2)
        #expect(Permissions.manageBilling.rawValue == 4)
        #expect(Permissions.all.rawValue == 7)
    }
}
