import CupelCore
import OrderedCollections
import Testing

@testable import Gateway

/// The quick reader of requests against the strict parser, which is the oracle.
@Suite(.timeLimit(.minutes(2))) struct RequestSkimTests {
    private func skim(_ bytes: [UInt8]) -> RequestSkim? { bytes.withUnsafeBytes { RequestSkim($0) } }

    private func skim(_ text: String) -> RequestSkim? { skim(Array(text.utf8)) }

    private static let limits = JSONLimits(bytes: 1 << 20, depth: RequestSkim.maximumDepth, values: 100_000)

    /// What the quick reader does not look at, and the strict parser refuses: text that is no UTF-8, lone surrogates, a
    /// name that occurs twice where neither is read here, and numbers out of range.
    private func isIntendedDifference(_ bytes: [UInt8]) -> Bool {
        do {
            _ = try JSON(parsing: bytes, limits: Self.limits)
            return false
        } catch {
            let text = "\(error)".lowercased()
            return ["utf-8", "surrogate", "twice", "duplicate", "number", "range"].contains { text.contains($0) }
        }
    }

    private func check(_ bytes: [UInt8]) throws {
        guard let skim = self.skim(bytes) else { return }
        guard let json = try? JSON(parsing: bytes, limits: Self.limits) else {
            #expect(
                isIntendedDifference(bytes),
                "taken, and refused by the parser: \(String(decoding: bytes, as: UTF8.self))"
            )
            return
        }
        let object = try #require(json.objectValue)
        func text(_ range: Range<Int>?) -> String? { range.map { String(decoding: bytes[$0], as: UTF8.self) } }
        #expect(text(skim.model) == object["model"]?.stringValue)
        #expect(skim.isStream == (object["stream"] == true))
        #expect(text(skim.tools).flatMap { try? JSON(parsing: $0) } == object["tools"])
        #expect(text(skim.streamOptions).flatMap { try? JSON(parsing: $0) } == object["stream_options"])
        let stated = ["max_tokens", "max_completion_tokens", "max_output_tokens"].compactMap { object[$0]?.intValue }
        if let most = stated.max(), most >= 0, most < 1_000_000_000 { #expect(skim.maxTokens ?? 0 <= most) }
        if let found = skim.maxTokens { #expect(stated.contains(found)) }
        #expect(skim.isEmpty == object.isEmpty)
    }

    private static let good =
        #"{ "model" : "gpt-x", "stream":true,"max_tokens": 17 ,"n":2,"tools":[{"type":"function","function":{"name":"f"}}],"#
        + #""stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Grüße \"😀\" \u00e9\n"},"#
        + #"{"role":"assistant","content":null,"x":[1,-2.5e+3,0,true,false,{}]}],"temperature":0.25}"#

    @Test func `what matters is found`() throws {
        let bytes = Array(Self.good.utf8)
        let skim = try #require(self.skim(bytes))
        #expect(String(decoding: bytes[try #require(skim.model)], as: UTF8.self) == "gpt-x")
        #expect(skim.isStream && skim.maxTokens == 17 && skim.choices == 2 && !skim.isEmpty && skim.tools != nil)
        try check(bytes)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[]", "null", "\"a\"", "1", "{}x", "{} {}", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#,
        #"{"a" 1}"#, #"{a:1}"#, #"{"a":01}"#, #"{"a":1.}"#, #"{"a":.5}"#, #"{"a":+1}"#, #"{"a":-}"#, #"{"a":1e}"#,
        #"{"a":tru}"#, #"{"a":True}"#, #"{"a":nul}"#, #"{"a":"\x"}"#, #"{"a":"\u12g4"}"#, #"{"a":"\u12"}"#,
        "{\"a\":\"\n\"}", "{\"a\":\"\u{1}\"}", #"{"a":"b}"#, #"{"a":[1,]}"#, #"{"a":[1 2]}"#, #"{"a":{"b":1,}}"#,
        #"{"\u006dodel":"x"}"#, #"{"model":"a","model":"b"}"#, #"{"model":1}"#, #"{"model":"a\u0062"}"#,
        #"{"stream":true,"stream":false}"#, #"{"stream":false,"stream":true}"#, #"{"tools":[],"tools":[]}"#,
        #"{"stream":1}"#, #"{"stream":"true"}"#, #"{"max_tokens":1e9}"#, #"{"max_tokens":-1}"#, #"{"n":1.0}"#,
        #"{"max_tokens":"9"}"#, #"{"max_tokens":99999999999}"#, #"{"n":[]}"#,
    ]) func `what the parser refuses, or two readers could read in two ways, is not taken`(text: String) {
        #expect(skim(text) == nil)
    }

    @Test func `its depth is bounded`() {
        func nested(_ depth: Int) -> String {
            #"{"a":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1) + "}"
        }
        #expect(skim(nested(RequestSkim.maximumDepth)) != nil)
        #expect(skim(nested(RequestSkim.maximumDepth + 2)) == nil)
        #expect(skim(nested(100_000)) == nil)
    }

    @Test func `of several limits the largest counts, and null is none`() throws {
        let skim = try #require(
            self.skim(#"{"max_tokens":5,"max_completion_tokens":700,"max_tokens":6,"n":3,"n":2,"stream":null}"#)
        )
        #expect(skim.maxTokens == 700 && skim.choices == 3 && !skim.isStream)
        let none = try #require(self.skim(#"{"max_tokens":null,"n":null}"#))
        #expect(none.maxTokens == nil && none.choices == 1)
    }

    @Test func `the number of input tokens is an upper bound for what a tokeniser makes of text`() throws {
        let text = String(repeating: "a ", count: 500)
        let skim = try #require(self.skim(#"{"model":"m","messages":[{"role":"user","content":"\#(text)"}]}"#))
        #expect(skim.mostInputTokens >= 500)
        let wide = String(repeating: "é", count: 500)
        let other = try #require(self.skim(#"{"model":"m","messages":[{"role":"user","content":"\#(wide)"}]}"#))
        #expect(other.mostInputTokens >= 1000)
    }

    @Test func `media are counted and not read as text`() throws {
        let image = String(repeating: "QUJD", count: 50_000)
        let skim = try #require(self.skim(#"{"model":"m","i":"data:image/png;base64,\#(image)","j":"\#(image)"}"#))
        #expect(skim.media == 2 && skim.narrowBytes < 100)
    }

    @Test(arguments: 0..<20) func `mutated documents are taken only where the parser takes them`(seed: UInt64) throws {
        var chance = SplitMix(seed: seed)
        let good = Array(Self.good.utf8)
        let tokens = [
            "\"model\"", "\"stream\"", "true", "null", "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0041", "0", "-1",
            "1e5",
            " ", "\"max_tokens\":9,", "\n",
        ].map { Array($0.utf8) }
        for _ in 0..<400 {
            var bytes = good
            for _ in 0...Int.random(in: 0..<3, using: &chance) {
                let at = Int.random(in: bytes.indices, using: &chance)
                switch Int.random(in: 0..<4, using: &chance) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &chance)
                case 1: bytes.remove(at: at)
                case 2: bytes.insert(contentsOf: tokens[Int.random(in: tokens.indices, using: &chance)], at: at)
                default: bytes.removeSubrange(at..<min(at + Int.random(in: 1...9, using: &chance), bytes.count))
                }
                if bytes.isEmpty { break }
            }
            try check(bytes)
        }
    }

    @Test func `no beginning of a document is taken`() {
        let good = Array(Self.good.utf8)
        for end in good.indices { #expect(skim(Array(good[..<end])) == nil) }
    }

    @Test(arguments: 0..<10) func `generated documents are read as the parser reads them`(seed: UInt64) throws {
        var chance = SplitMix(seed: seed)
        for _ in 0..<200 {
            var json = Self.value(depth: 3, &chance)
            if json.objectValue == nil { json = ["x": json] }
            if Bool.random(using: &chance) { json["model"] = "m" }
            if Bool.random(using: &chance) { json["stream"] = .bool(Bool.random(using: &chance)) }
            if Bool.random(using: &chance) {
                json["max_tokens"] = .integer(Int64.random(in: 0...99_999, using: &chance))
            }
            let bytes = json.bytes()
            #expect(skim(bytes) != nil)
            try check(bytes)
        }
    }

    private static func value(depth: Int, _ chance: inout SplitMix) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &chance) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &chance))
        case 2: return .integer(Int64.random(in: -1000...1000, using: &chance))
        case 3: return .string(["", "a", "ü\"\\\n", "😀", "\u{0}\u{1f}"].randomElement(using: &chance) ?? "")
        case 4: return .string(String(repeating: "text ", count: Int.random(in: 0...50, using: &chance)))
        case 5: return .array((0..<Int.random(in: 0...4, using: &chance)).map { _ in value(depth: depth - 1, &chance) })
        default:
            var object: JSON = [:]
            for index in 0..<Int.random(in: 0...4, using: &chance) {
                object["k\(index)"] = value(depth: depth - 1, &chance)
            }
            return object
        }
    }
}
