import CupelCore
import Testing

@Suite struct TimestampReadingTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
        ("2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59.500000Z"),
        ("2026-03-01T01:30:00+02:00", "2026-02-28T23:30:00.000000Z"),
        ("2026-03-01t09:30:00.1234567-00:30", "2026-03-01T10:00:00.123456Z"),
    ])
    func `a moment is read as it was meant`(_ text: String, _ expected: String) {
        #expect(Timestamp(rfc3339: text)?.description == expected)
    }

    @Test(arguments: [
        "", "tomorrow", "2026-03-01", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-01T24:00:00Z",
        "2026-03-01T00:00:00", "2026-03-01T00:00:00.Z", "2026-03-01T00:00:00Zz", "1969-12-31T23:59:59Z",
        "2026-03-01T00:00:00+2:00", "2026-00-01T00:00:00Z",
    ])
    func `what is no moment is not read`(_ text: String) { #expect(Timestamp(rfc3339: text) == nil) }
}
