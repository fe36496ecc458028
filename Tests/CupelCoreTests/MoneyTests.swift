import CupelCore
import Testing

@Suite struct MoneyTests {
    @Test(arguments: [
        ("12", 12_000_000, "$12.00"), ("$0.000125", 125, "$0.000125"), ("1.5", 1_500_000, "$1.50"),
        ("0", 0, "$0.00"), ("999999999999.999999", 999_999_999_999_999_999, "$999999999999.999999"),
    ])
    func `dollars are read and written exactly`(_ text: String, _ microdollars: Int64, _ shown: String) throws {
        let money = try #require(Money(dollars: text))
        #expect(money.microdollars == microdollars)
        #expect(money.description == shown)
        #expect(Money(dollars: money.description) == money)
    }

    @Test(arguments: ["", "$", ".5", "1.", "1.0000001", "-1", "1e3", "1,5", "1 ", "9999999999999", "１"])
    func `what is no amount is refused`(_ text: String) { #expect(Money(dollars: text) == nil) }

    @Test func `a price a million tokens is exact in pico-dollars a token`() throws {
        #expect(try #require(TokenPrice(dollarsPerMillion: "0.075")).picodollars == 75_000)
        #expect(TokenPrice(dollarsPerMillion: "cheap") == nil)
    }

    @Test func `a debt is shown with its sign`() {
        #expect((Money.zero - Money(microdollars: 1_200_000)).description == "-$1.20")
    }
}
