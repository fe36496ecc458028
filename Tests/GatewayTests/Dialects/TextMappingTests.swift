import CupelCore
import Testing

@testable import Gateway

/// Changes every "e" to "EE" and holds the last three characters back, as one must that looks for placeholders.
private final class HoldingMapping {
    private var held: [TextSlot: String] = [:]
    private(set) var ended: [TextSlot: Int] = [:]

    func map(_ slot: TextSlot, _ piece: String, _ isLast: Bool) -> String {
        let text = (held[slot] ?? "") + piece
        held[slot] = isLast ? nil : String(text.suffix(3))
        if isLast { ended[slot, default: 0] += 1 }
        return Self.changed(isLast ? text : String(text.dropLast(3)))
    }

    static func changed(_ text: String) -> String {
        text.split(separator: "e", omittingEmptySubsequences: false).joined(separator: "EE")
    }

    var isDrained: Bool { held.isEmpty }
}

@Suite("Changing texts on the way")
struct TextMappingTests {
    private static let frame = ClientFrame(id: "0192", created: 1, includesUsage: true)

    private static let answer = ChatAnswer(
        id: "r1",
        model: "m",
        parts: [
            .reasoning(ChatReasoning("Here we sit")), .text("Where the bees are, there: here"),
            .toolCall(ChatToolCall(id: "c1", name: "see", arguments: #"{"knee":"tree"}"#)),
            .toolCall(ChatToolCall(id: "c2", name: "see", arguments: #"{}"#)),
        ],
        finish: .toolCalls,
        usage: TokenUsage(input: 5, output: 6)
    )

    /// The answer's events with its texts in pieces of a few characters.
    private static let events: [ChatEvent] = answer.events.flatMap { event -> [ChatEvent] in
        func pieces(_ text: String) -> [String] {
            stride(from: 0, to: text.count, by: 4).map { String(text.dropFirst($0).prefix(4)) }
        }
        return switch event {
        case .text(let text): pieces(text).map { .text($0) }
        case .reasoning(let text): pieces(text).map { .reasoning($0) }
        case .toolArguments(let index, let text): pieces(text).map { .toolArguments(index: index, $0) }
        default: [event]
        }
    }

    private static var changed: ChatAnswer {
        AnswerTexts.map(answer) { _, text, _ in HoldingMapping.changed(text) }
    }

    private static func stream(_ dialect: ClientDialect) -> [UInt8] {
        var stream = ClientStream(dialect, frame)
        var bytes: [UInt8] = []
        for event in events { bytes += stream.encode([event]) }
        return bytes + stream.end()
    }

    @Test("A whole answer's texts change and nothing else", arguments: ClientDialect.allCases)
    func whole(_ dialect: ClientDialect) {
        let body = dialect.body(of: Self.answer, Self.frame)
        let mapped = AnswerTexts.map(body, dialect) { _, text, _ in HoldingMapping.changed(text) }
        var expected = Self.changed
        if dialect == .messages {
            // Arguments are an object there: its texts change, the names of its members do not.
            expected.parts[2] = .toolCall(ChatToolCall(id: "c1", name: "see", arguments: #"{"knee":"trEEEE"}"#))
        }
        #expect(mapped.text() == dialect.body(of: expected, Self.frame).text())
    }

    @Test(
        "A stream that passes through changes its texts, and no rest is lost",
        arguments: [ClientDialect.chatCompletions, .messages]
    )
    func passing(_ dialect: ClientDialect) throws {
        let all = Self.stream(dialect)
        for step in [1, 7, 64, all.count] {
            let mapping = HoldingMapping()
            var mapper = TextMapper(dialect)
            var sent: [UInt8] = []
            for start in stride(from: 0, to: all.count, by: step) {
                sent += mapper.feed(Array(all[start..<min(start + step, all.count)])) { mapping.map($0, $1, $2) }
            }
            sent += mapper.end { mapping.map($0, $1, $2) }
            var reader = ProviderStream(dialect == .messages ? .anthropic : .openAI)
            let folded = ChatAnswer(folding: reader.feed(sent) + reader.finish())
            #expect(reader.fault == nil)
            #expect(folded.parts == Self.changed.parts)
            #expect(folded.usage == Self.answer.usage)
            #expect(folded.finish == .toolCalls)
            #expect(mapping.isDrained)
            #expect(mapping.ended.values.allSatisfy { $0 == 1 })
        }
    }

    @Test("A response that passes through changes its pieces, its repetitions and its numbers")
    func response() throws {
        let mapping = HoldingMapping()
        var mapper = TextMapper(.responses)
        let sent = mapper.feed(Self.stream(.responses)) { mapping.map($0, $1, $2) }
        var splitter = ServerSentEvents()
        var texts: [String: String] = [:]
        var last = JSON.null
        for (index, event) in sent.withUnsafeBytes({ splitter.feed($0) }).enumerated() {
            last = try JSON(parsing: event.data)
            #expect(last["sequence_number"]?.intValue == index)
            if event.name.hasSuffix(".delta") {
                texts[last["item_id"]?.stringValue ?? "", default: ""] += last["delta"]?.stringValue ?? ""
            }
        }
        let whole = ClientDialect.responses.body(of: Self.changed, Self.frame)
        #expect(last["response"]?.text() == whole.text())
        #expect(texts["msg_r1_1"] == HoldingMapping.changed("Where the bees are, there: here"))
        #expect(texts["fc_r1_2"] == HoldingMapping.changed(#"{"knee":"tree"}"#))
        #expect(mapping.isDrained)
    }

    @Test("A last chunk that carries text and the end keeps their order")
    func textWithEnd() {
        let text =
            #"data: {"choices":[{"index":0,"delta":{"content":"abcdef"},"finish_reason":null}]}"# + "\n\n"
            + #"data: {"choices":[{"index":0,"delta":{"content":"ghi"},"finish_reason":"stop"}]}"#
            + "\n\ndata: [DONE]\n\n"
        let mapping = HoldingMapping()
        var mapper = TextMapper(.chatCompletions)
        let sent = mapper.feed(Array(text.utf8)) { mapping.map($0, $1, $2) }
        var reader = ProviderStream(.openAI)
        #expect(ChatAnswer(folding: reader.feed(sent)).text == "abcdEEfghi")
    }

    @Test("A translated stream changes its texts, and no rest is lost")
    func translated() {
        let mapping = HoldingMapping()
        var texts = EventTexts()
        var events: [ChatEvent] = []
        for event in Self.events { events += texts.map([event]) { mapping.map($0, $1, $2) } }
        #expect(ChatAnswer(folding: events) == Self.changed)
        #expect(mapping.isDrained)
    }

    @Test("Every text of a prompt is visited and can change", arguments: ClientDialect.allCases)
    func prompt(_ dialect: ClientDialect) throws {
        let body = try DialectSamples.json(try #require(DialectSamples.requests[dialect]))
        var seen: [TextWalk.Kind: [String]] = [:]
        let unchanged = TextWalk.map(body, dialect) { kind, text in
            seen[kind, default: []].append(text)
            return nil
        }
        #expect(unchanged == nil)
        #expect(seen[.system] == ["Be brief."])
        #expect(seen[.user] == ["Weather?"])
        #expect(seen[.assistant] == ["Looking."])
        #expect(seen[.toolResult] == ["12", "3"])
        let arguments = dialect == .messages ? seen[.toolArgument] : seen[.toolArguments]
        #expect(arguments == (dialect == .messages ? ["Bern", "Oslo"] : [#"{"city":"Bern"}"#, #"{"city":"Oslo"}"#]))
        let changed = TextWalk.map(body, dialect) { _, text in text == "3" ? "three" : nil }
        let expected = body.text().split(separator: "\"3\"").joined(separator: "\"three\"")
        #expect(changed?.text() == expected)
    }
}
