/// Changes the texts in the events of a translated stream.
package struct EventTexts: Sendable {
    /// The run of text or thought that is open, and the calls that are.
    private var open: TextSlot?
    private var count = 0
    private var calls: Set<Int> = []

    /// A stream of which nothing has come.
    package init() {}

    /// The events with their texts changed, and with what a mapping held back before whatever ends its slot.
    package mutating func map(_ events: [ChatEvent], _ mapping: TextMapping) -> [ChatEvent] {
        var result: [ChatEvent] = []
        result.reserveCapacity(events.count + 1)
        for event in events { add(event, mapping, to: &result) }
        return result
    }

    private mutating func add(_ event: ChatEvent, _ mapping: TextMapping, to result: inout [ChatEvent]) {
        switch event {
        case .text(let piece): append(piece, .text, mapping, to: &result)
        case .reasoning(let piece): append(piece, .reasoning, mapping, to: &result)
        case .toolArguments(let index, let piece):
            calls.insert(index)
            let text = mapping(TextSlot(.toolArguments, index), piece, false)
            if !text.isEmpty { result.append(.toolArguments(index: index, text)) }
        case .toolEnd(let index):
            close(call: index, mapping, to: &result)
            result.append(event)
        case .finish:
            closeText(mapping, to: &result)
            for index in calls.sorted() { close(call: index, mapping, to: &result) }
            result.append(event)
        case .signature, .redactedReasoning, .toolStart:
            closeText(mapping, to: &result)
            result.append(event)
        case .start, .usage, .ping: result.append(event)
        }
    }

    private mutating func append(
        _ piece: String,
        _ kind: TextSlot.Kind,
        _ mapping: TextMapping,
        to result: inout [ChatEvent]
    ) {
        if let open, open.kind != kind { closeText(mapping, to: &result) }
        let slot = open ?? TextSlot(kind, count)
        if open == nil { count += 1 }
        open = slot
        emit(slot, mapping(slot, piece, false), to: &result)
    }

    private mutating func closeText(_ mapping: TextMapping, to result: inout [ChatEvent]) {
        guard let slot = open else { return }
        open = nil
        emit(slot, mapping(slot, "", true), to: &result)
    }

    private mutating func close(call index: Int, _ mapping: TextMapping, to result: inout [ChatEvent]) {
        guard calls.remove(index) != nil else { return }
        let rest = mapping(TextSlot(.toolArguments, index), "", true)
        if !rest.isEmpty { result.append(.toolArguments(index: index, rest)) }
    }

    private func emit(_ slot: TextSlot, _ text: String, to result: inout [ChatEvent]) {
        guard !text.isEmpty else { return }
        result.append(slot.kind == .text ? .text(text) : .reasoning(text))
    }
}
