import CupelCore
import Testing

@Suite struct JSONTests {
    @Test(arguments: [
        ("{\"a\":[1,2.5,\"x\\u00e9\\n\",null,true],\"b\":{}}", "{\"a\":[1,2.5,\"xé\\n\",null,true],\"b\":{}}"),
        (" [ ] ", "[]"), ("\"\\ud83d\\ude00\"", "\"😀\""), ("-0", "0"),
        ("12345678901234567890", "1.2345678901234567e+19"),
    ])
    func `a document round-trips`(_ source: String, _ expected: String) throws {
        #expect(try JSON(parsing: source).text() == expected)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\":1,}", "01", "1.", "+1", "nul", "\"\u{1}\"", "\"\\x\"", "\"\\ud800\"", "[1] 2", "{a:1}",
        "'a'",
        "{\"a\":1,\"a\":2}", "NaN", "1e999",
    ])
    func `what is not JSON is refused`(_ source: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: source) }
    }

    @Test func `an error names line and column`() {
        let error = #expect(throws: JSONError.self) { try JSON(parsing: "{\n  \"a\": x\n}") }
        #expect(error?.line == 2)
        #expect(error?.column == 8)
    }

    @Test func `depth is refused at one over the limit`() throws {
        let limits = JSONLimits(depth: 8)
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try JSON(parsing: nested(9), limits: limits)
        let error = #expect(throws: JSONError.self) { try JSON(parsing: nested(10), limits: limits) }
        #expect(error?.isLimit == true)
    }

    @Test func `bytes and values are refused at one over the limit`() throws {
        _ = try JSON(parsing: "[1,2]", limits: JSONLimits(bytes: 5, values: 3))
        #expect(throws: JSONError.self) { try JSON(parsing: "[1,2]", limits: JSONLimits(bytes: 4)) }
        #expect(throws: JSONError.self) { try JSON(parsing: "[1,2]", limits: JSONLimits(values: 2)) }
    }

    @Test func `random bytes never crash the scanner`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]\",:\\u0123456789eE+-.truefalsn \n\u{FF}".utf8)
        for _ in 0..<5000 {
            let count = Int.random(in: 0..<40, using: &generator)
            let bytes = (0..<count).map { _ in alphabet.randomElement(using: &generator)! }
            _ = try? JSON(parsing: bytes)
        }
    }

    @Test func `canonical text does not depend on member order`() throws {
        let one = try JSON(parsing: "{\"b\":1,\"a\":{\"d\":2,\"c\":3}}")
        let two = try JSON(parsing: "{\"a\":{\"c\":3,\"d\":2},\"b\":1}")
        #expect(one.text(.canonical) == two.text(.canonical))
    }
}
