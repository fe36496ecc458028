import CupelCore

/// Changes the texts in a stream that passes through in a client's dialect: events without text pass as they are, and
/// what a mapping holds back at the end of a slot goes out in one more event.
package struct TextMapper: Sendable {
    private let dialect: ClientDialect
    private var events = RawEvents()
    private var out: [UInt8] = []
    /// The open slots with an event that can carry the rest of each.
    private var open: [(slot: TextSlot, carrier: JSON, name: String)] = []
    /// Events of ours that stand in a response's stream before what comes now.
    private var added: Int64 = 0

    /// A stream of which nothing has come.
    package init(_ dialect: ClientDialect) { self.dialect = dialect }

    /// The bytes to send for the bytes that came; whole events only.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer, _ mapping: TextMapping) -> [UInt8] {
        var events = events
        self.events = RawEvents()
        defer { self.events = events }
        events.feed(bytes) { all, ends in
            let skim = JSONSkim(bytes: all)
            var start = 0
            for end in ends {
                take(skim, start..<end, mapping)
                start = end
            }
        }
        defer { out = [] }
        return out
    }

    /// The bytes to send for the bytes that came; whole events only.
    package mutating func feed(_ bytes: [UInt8], _ mapping: TextMapping) -> [UInt8] {
        bytes.withUnsafeBytes { feed($0, mapping) }
    }

    /// What is left when the connection brings no more, or before an error event of ours.
    package mutating func end(_ mapping: TextMapping) -> [UInt8] {
        closeAll(mapping) { _ in true }
        out += events.takePending()
        defer { out = [] }
        return out
    }

    private mutating func take(_ skim: JSONSkim, _ range: Range<Int>, _ mapping: TextMapping) {
        let raw = UnsafeRawBufferPointer(rebasing: skim.bytes[range])
        guard let (nameRange, data) = RawEvents.head(skim, range), skim.bytes[data] == UInt8(ascii: "{") else {
            if let (_, data) = RawEvents.head(skim, range), skim.starts(with: "[DONE]", at: data) {
                closeAll(mapping) { _ in true }
            }
            out.append(contentsOf: raw)
            return
        }
        let name = String(decoding: skim.bytes[nameRange], as: UTF8.self)
        guard dialect != .messages || Self.speaksOfText(name) || name.isEmpty else {
            out.append(contentsOf: raw)
            return
        }
        let limits = JSONLimits(bytes: RawEvents.eventLimit, depth: 128, values: 2_000_000)
        guard var json = try? JSON(parsing: skim.bytes[data..<range.upperBound], limits: limits) else {
            out.append(contentsOf: raw)
            return
        }
        let before = json
        switch dialect {
        case .chatCompletions: chunk(&json, mapping)
        case .messages: message(&json, name, mapping)
        case .responses: response(&json, name, mapping)
        }
        if json == before { out.append(contentsOf: raw) } else { emit(name, json) }
    }

    private static func speaksOfText(_ name: String) -> Bool {
        name == "content_block_delta" || name == "content_block_stop" || name == "content_block_start"
    }

    private mutating func emit(_ name: String, _ json: JSON) {
        if !name.isEmpty { out += Array("event: \(name)\n".utf8) }
        out += Array("data: ".utf8)
        out += json.bytes()
        out += [0x0A, 0x0A]
    }

    /// Changes a piece; whether more of its slot may come, so that its rest must be remembered.
    private mutating func change(
        _ object: inout JSON,
        _ member: String,
        _ slot: TextSlot,
        isLast: Bool = false,
        _ mapping: TextMapping
    ) -> Bool {
        guard let piece = object[member]?.stringValue, !piece.isEmpty else { return false }
        object[member] = .string(mapping(slot, piece, isLast))
        if isLast { open.removeAll { $0.slot == slot } }
        return !isLast
    }

    private mutating func remember(_ slot: TextSlot, _ name: String, _ carrier: @autoclosure () -> JSON) {
        guard !open.contains(where: { $0.slot == slot }) else { return }
        open.append((slot, carrier(), name))
    }

    /// Ends slots: what their mapping held back goes out in an event like theirs.
    private mutating func closeAll(_ mapping: TextMapping, number: Int? = nil, _ isEnding: (TextSlot) -> Bool) {
        let ending = open.filter { isEnding($0.slot) }
        guard !ending.isEmpty else { return }
        open.removeAll { isEnding($0.slot) }
        for entry in ending {
            let rest = mapping(entry.slot, "", true)
            guard !rest.isEmpty else { continue }
            var carrier = Self.fill(entry.carrier, rest)
            if let number {
                carrier["sequence_number"] = .integer(Int64(number) + added)
                added += 1
            }
            emit(entry.name, carrier)
        }
    }

    /// Puts a text where a carrier has its mark.
    private static func fill(_ carrier: JSON, _ text: String) -> JSON {
        AnswerTexts.leaves(carrier) { $0 == mark ? text : $0 }
    }

    /// Stands in a carrier where the text goes; no provider writes it, as it is no text a model could be shown.
    private static let mark = "\u{0}cupel\u{0}"
}

// MARK: - OpenAI's chat completions

extension TextMapper {
    private mutating func chunk(_ json: inout JSON, _ mapping: TextMapping) {
        guard var choices = json["choices"]?.arrayValue else { return }
        for index in choices.indices {
            let place = choices[index]["index"]?.intValue ?? index
            let isLast = choices[index]["finish_reason"]?.stringValue != nil
            if var delta = choices[index]["delta"] {
                for (member, kind) in Self.members {
                    let slot = TextSlot(kind, place)
                    if delta[member]?.stringValue?.isEmpty == false {
                        closeAll(mapping) { $0.kind != kind && $0.kind != .toolArguments && $0.index == place }
                    }
                    guard change(&delta, member, slot, isLast: isLast, mapping) else { continue }
                    remember(slot, "", Self.carrier(json, place, [member: .string(Self.mark)]))
                }
                if delta["tool_calls"]?[0] != nil {
                    closeAll(mapping) { $0.kind != .toolArguments && $0.index == place }
                }
                AnswerTexts.each(&delta, "tool_calls") { position, call in
                    toolCall(&call, position, place, isLast, json, mapping)
                }
                choices[index]["delta"] = delta
            }
            guard isLast else { continue }
            closeAll(mapping) {
                ($0.kind == .toolArguments ? $0.index / Self.callsPerChoice : $0.index) == place
            }
        }
        json["choices"] = .array(choices)
    }

    /// Tool calls of one choice that have slots of their own.
    private static var callsPerChoice: Int { 1 << 16 }

    private static var members: [(String, TextSlot.Kind)] {
        [("content", .text), ("refusal", .text), ("reasoning_content", .reasoning), ("reasoning", .reasoning)]
    }

    private mutating func toolCall(
        _ call: inout JSON,
        _ position: Int,
        _ place: Int,
        _ isLast: Bool,
        _ json: JSON,
        _ mapping: TextMapping
    ) {
        guard var function = call["function"] else { return }
        let index = call["index"]?.intValue ?? position
        let slot = TextSlot(.toolArguments, place * Self.callsPerChoice + index)
        let hasMore = change(&function, "arguments", slot, isLast: isLast, mapping)
        call["function"] = function
        guard hasMore else { return }
        let rest: JSON = ["index": .integer(Int64(index)), "function": ["arguments": .string(Self.mark)]]
        remember(slot, "", Self.carrier(json, place, ["tool_calls": [rest]]))
    }

    /// A chunk like `json` with one choice of this delta.
    private static func carrier(_ json: JSON, _ place: Int, _ delta: JSON) -> JSON {
        var carrier = json
        carrier["choices"] = [["index": .integer(Int64(place)), "delta": delta, "finish_reason": nil]]
        carrier["usage"] = nil
        return carrier
    }
}

// MARK: - Anthropic's messages

extension TextMapper {
    private mutating func message(_ json: inout JSON, _ name: String, _ mapping: TextMapping) {
        let index = json["index"]?.intValue ?? 0
        switch json["type"]?.stringValue {
        case "content_block_stop":
            closeAll(mapping) { $0.index == index }
        case "content_block_delta":
            guard var delta = json["delta"], let type = delta["type"]?.stringValue else { return }
            let places: [String: (String, TextSlot.Kind)] = [
                "text_delta": ("text", .text), "thinking_delta": ("thinking", .reasoning),
                "input_json_delta": ("partial_json", .toolArguments),
            ]
            if type == "signature_delta" { closeAll(mapping) { $0.index == index } }
            guard let (member, kind) = places[type] else { return }
            let slot = TextSlot(kind, index)
            guard change(&delta, member, slot, mapping) else { return }
            var carrier = json
            carrier["delta"] = ["type": .string(type), member: .string(Self.mark)]
            remember(slot, name, carrier)
            json["delta"] = delta
        default: break
        }
    }
}

// MARK: - OpenAI's responses

extension TextMapper {
    private static var deltas: [String: TextSlot.Kind] {
        [
            "response.output_text.delta": .text, "response.refusal.delta": .text,
            "response.reasoning_summary_text.delta": .reasoning, "response.reasoning_text.delta": .reasoning,
            "response.function_call_arguments.delta": .toolArguments,
        ]
    }

    private mutating func response(_ json: inout JSON, _ name: String, _ mapping: TextMapping) {
        let type = json["type"]?.stringValue ?? name
        let item = json["output_index"]?.intValue ?? 0
        let part = json["content_index"]?.intValue ?? json["summary_index"]?.intValue ?? 0
        let index = item << 16 | part & 0xFFFF
        if let kind = Self.deltas[type] {
            var carrier = json
            carrier["delta"] = .string(Self.mark)
            if change(&json, "delta", TextSlot(kind, index), mapping) { remember(TextSlot(kind, index), name, carrier) }
        } else if type.hasSuffix(".done") || type == "response.completed" || type == "response.incomplete" {
            let isEnd = !type.hasSuffix(".done")
            let isItem = type.hasPrefix("response.output_item")
            closeAll(mapping, number: json["sequence_number"]?.intValue) {
                isEnd || (isItem ? $0.index >> 16 == item : $0.index == index)
            }
            whole(&json, type, index, mapping)
        }
        if added > 0, let number = json["sequence_number"]?.intValue {
            json["sequence_number"] = .integer(Int64(number) + added)
        }
    }

    /// Changes the events that repeat a text whole.
    private mutating func whole(_ json: inout JSON, _ type: String, _ index: Int, _ mapping: TextMapping) {
        let kind: TextSlot.Kind = type.contains("reasoning") ? .reasoning : .text
        AnswerTexts.change(&json, "text", TextSlot(kind, index, isWhole: true), mapping)
        AnswerTexts.change(&json, "refusal", TextSlot(.text, index, isWhole: true), mapping)
        AnswerTexts.change(&json, "arguments", TextSlot(.toolArguments, index, isWhole: true), mapping)
        if var part = json["part"] {
            AnswerTexts.responsesPart(&part, index, mapping)
            json["part"] = part
        }
        if var item = json["item"] {
            AnswerTexts.responsesItem(&item, index, mapping)
            json["item"] = item
        }
        if let response = json["response"] { json["response"] = AnswerTexts.map(response, .responses, mapping) }
    }
}
