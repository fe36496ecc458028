import CupelCore
import Testing

@testable import Gateway

@Suite struct RouteContractTests {
    @Test func `a contract is read term by term`() throws {
        let text = " tools,vision , context >= 200k, output>=8000, tier<=2, region=eu, retention=none "
        let contract = try RouteContract(parsing: text)
        #expect(contract.capabilities == [.tools, .vision])
        #expect(contract.minimumContext == 200_000)
        #expect(contract.minimumOutput == 8000)
        #expect(contract.maximumTier == 2)
        #expect(contract.region == "eu")
        #expect(contract.needsNoRetention)
        let again = try RouteContract(parsing: contract.description)
        #expect(again == contract)
    }

    @Test(arguments: ["", "  ", ",", " , ,"])
    func `a contract may ask for nothing`(_ text: String) throws {
        let contract = try RouteContract(parsing: text)
        #expect(contract.isEmpty)
    }

    @Test(arguments: [
        ("tool", "did you mean tools?"), ("context>=", "takes a number"), ("context>=x", "takes a number"),
        ("context>=0", "takes a number"), ("context>=9999999999", "takes a number"), ("context>200k", "unknown"),
        ("context>=2000m", "takes a number"), ("tier<=5", "1 to 4"), ("tier<=", "1 to 4"), ("tier<=-1", "1 to 4"),
        ("region=EU", "region"), ("region=", "region"), ("retention=some", "takes none"),
        ("tools,tools", "twice"), ("context>=1k,context>=2k", "twice"), ("tools\u{E9}", "unknown"),
        (String(repeating: "x", count: 1025), "over 1024 bytes"),
        (Array(repeating: "x", count: 21).joined(separator: ","), "more than 20"),
    ])
    func `a wrong term is named with what is allowed`(_ text: String, _ message: String) throws {
        let error = #expect(throws: CupelError.self) { _ = try RouteContract(parsing: text) }
        let problem = try #require(error?.fields.first)
        #expect(problem.field == "x-cupel-contract")
        #expect(problem.message.contains(message), "\(problem.message)")
    }

    @Test func `two contracts together ask for what both ask for`() throws {
        let one = try RouteContract(parsing: "tools, context>=100k, tier<=3, region=eu")
        let two = try RouteContract(parsing: "vision, context>=50k, tier<=2, region=eu-west-1, retention=none")
        let both = try one.and(two)
        #expect(
            both.description
                == "tools, vision, context>=100000, tier<=2, region=eu-west-1, retention=none"
        )
        #expect(throws: CupelError.self) { _ = try one.and(RouteContract(parsing: "region=us")) }
    }

    @Test func `no text of any kind crashes the reader`() {
        var generator = SplitMix(seed: 3)
        let pieces = [
            "tools", "context>=", "200k", ",", " ", "tier<=", "2", "region=", "eu", "=", "\u{0}", "\u{1F600}",
        ]
        for _ in 0..<3000 {
            let text = (0..<Int.random(in: 0...8, using: &generator))
                .map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            do { _ = try RouteContract(parsing: text) } catch { #expect(error is CupelError) }
        }
    }
}
