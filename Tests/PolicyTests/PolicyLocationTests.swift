import Policy
import Testing

@Suite struct PolicyLocationTests {
    @Test func `places are told apart by line and column`() {
        #expect(PolicyLocation(line: 1, column: 2) != PolicyLocation(line: 2, column: 1))
    }
}
