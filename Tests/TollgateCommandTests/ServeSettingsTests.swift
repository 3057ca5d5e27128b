import Testing

@testable import tollgate

struct ServeSettingsTests {
    @Test("A switch without a value is on")
    func switches() {
        #expect(
            ServeSettings.spellingOut(["serve", "--trust-request-headers"])
                == ["serve", "--trust-request-headers", "true"]
        )
        #expect(
            ServeSettings.spellingOut(["serve", "--trust-request-headers", "--threads", "2"])
                == ["serve", "--trust-request-headers", "true", "--threads", "2"]
        )
        #expect(
            ServeSettings.spellingOut(["serve", "--trust-request-headers", "false"])
                == ["serve", "--trust-request-headers", "false"]
        )
        #expect(ServeSettings.spellingOut(["keys", "list"]) == ["keys", "list"])
    }
}
