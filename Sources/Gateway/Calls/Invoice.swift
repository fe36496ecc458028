package import CupelCore

/// A provider's bill as CSV, summed by day and model.
///
/// Columns are found by the names that exports use: OpenAI's costs and activity (platform.openai.com/usage), Anthropic's
/// usage and cost (platform.claude.com/usage, /cost), or plain `date, model, cost, input_tokens, output_tokens`.
/// Several columns of input tokens are added up, as Anthropic's exports have those of caches apart.
package struct Invoice: Sendable {
    /// What one day of one model has on the bill.
    package struct Sums: Sendable, Hashable {
        /// Tokens of questions; `nil` where the bill has none.
        package var input: Int?
        /// Tokens of answers.
        package var output: Int?
        /// 10⁻¹² dollars; `nil` where the bill has no money.
        var picodollars: Int128?

        /// The money, rounded once, half up.
        package var cost: Money? {
            picodollars.map { Money(microdollars: Int64(clamping: ($0 + ($0 < 0 ? -500_000 : 500_000)) / 1_000_000)) }
        }
    }

    /// A day and a model, as the bill names it.
    package struct Place: Sendable, Hashable {
        package var day: UsageDay
        package var model: String
    }

    /// Bytes of a file.
    package static let maximumBytes = 8 << 20
    /// Lines of a file.
    static let maximumLines = 500_000

    /// The sums.
    package let sums: [Place: Sums]

    /// Reads a file.
    /// - Throws: `validation_error` naming the line and column that cannot be read, or the columns that are missing.
    package init(parsing bytes: [UInt8]) throws {
        guard bytes.count <= Self.maximumBytes else { throw Self.wrong("is over \(Self.maximumBytes >> 20) MiB") }
        var reader = CSVReader(bytes)
        guard let head = try reader.next() else { throw Self.wrong("is empty") }
        let columns = try Columns(head)
        var sums: [Place: Sums] = [:]
        while let cells = try reader.next() {
            guard reader.line <= Self.maximumLines else { throw Self.wrong("has over \(Self.maximumLines) lines") }
            // Exports end in empty lines, and in lines of totals without a date.
            if cells.allSatisfy(\.isEmpty) { continue }
            try columns.add(cells, at: reader.line, to: &sums)
        }
        self.sums = sums
    }

    fileprivate static func wrong(_ what: String) -> CupelError {
        CupelError(.validationError, "The invoice cannot be read.", fields: [FieldProblem("file", what)])
    }
}

/// Which cell of a line is what.
private struct Columns {
    private var day: Int
    private var model: Int
    private var cost: Int?
    private var inputs: [Int]
    private var outputs: [Int]

    init(_ head: [String]) throws {
        // What is compared has neither case nor marks: `Cost (USD)` is `costusd`.
        let names = head.map { String($0.lowercased().filter { $0.isLetter || $0.isNumber }) }
        func first(_ wanted: [String]) -> Int? { wanted.lazy.compactMap { names.firstIndex(of: $0) }.first }
        func every(_ wanted: Set<String>) -> [Int] { names.indices.filter { wanted.contains(names[$0]) } }
        cost = first(["costusd", "cost", "amountvalue", "amountusd", "amount"])
        inputs = every([
            "inputtokens", "prompttokens", "ncontexttokenstotal", "usageinputtokensnocache",
            "usageinputtokenscachewrite5m", "usageinputtokenscachewrite1h", "usageinputtokenscacheread",
        ])
        outputs = every(["outputtokens", "completiontokens", "ngeneratedtokenstotal", "usageoutputtokens"])
        guard let day = first(["date", "day", "usagedateutc", "usagedate", "starttimeiso", "starttime"]) else {
            throw Invoice.wrong("has no column with the day, as `date`")
        }
        guard let model = first(["model", "modelversion", "lineitem", "snapshotid"]) else {
            throw Invoice.wrong("has no column `model`")
        }
        guard cost != nil || !inputs.isEmpty || !outputs.isEmpty else {
            throw Invoice.wrong("has neither a column `cost` nor `input_tokens` or `output_tokens`")
        }
        (self.day, self.model) = (day, model)
    }

    func add(_ cells: [String], at line: Int, to sums: inout [Invoice.Place: Invoice.Sums]) throws {
        func cell(_ index: Int) -> String { index < cells.count ? cells[index] : "" }
        guard let day = Self.day(cell(day)) else {
            throw Invoice.wrong("line \(line): the day must be as 2026-03-01")
        }
        // OpenAI's costs have `gpt-4o-2024-08-06, input` as a line item.
        let name = cell(model).split(separator: ",").first.map(String.init) ?? ""
        var these = sums[Invoice.Place(day: day, model: name)] ?? Invoice.Sums()
        if let cost {
            guard let amount = Decimal12(cell(cost)) else {
                throw Invoice.wrong("line \(line): the cost must be dollars, as 12.50")
            }
            these.picodollars = (these.picodollars ?? 0) + amount.picodollars
        }
        func tokens(_ indices: [Int]) throws -> Int? {
            guard !indices.isEmpty else { return nil }
            return try indices.reduce(0) { sum, index in
                let text = cell(index)
                guard let count = text.isEmpty ? 0 : Int(text), (0...1_000_000_000_000).contains(count) else {
                    throw Invoice.wrong("line \(line): tokens must be a whole number")
                }
                return sum + count
            }
        }
        if let count = try tokens(inputs) { these.input = (these.input ?? 0) + count }
        if let count = try tokens(outputs) { these.output = (these.output ?? 0) + count }
        sums[Invoice.Place(day: day, model: name)] = these
    }

    /// A day, the day of a moment, or that of seconds since 1970.
    private static func day(_ text: String) -> UsageDay? {
        if let day = UsageDay(text.prefix(10)) { return day }
        guard let seconds = Int64(text), (0...253_402_300_799).contains(seconds) else { return nil }
        return UsageDay(Timestamp(microseconds: seconds * 1_000_000))
    }
}

/// A decimal number to twelve places, as `12.5`, `$1,234.50` or `1.2e-05`; what is beyond is cut off.
private struct Decimal12 {
    let picodollars: Int128

    init?(_ text: String) {
        var rest = text.filter { $0 != "$" && $0 != "," && $0 != " " }[...]
        if rest.isEmpty {
            picodollars = 0
            return
        }
        let isNegative = rest.first == "-"
        if isNegative { rest = rest.dropFirst() }
        let halves = rest.lowercased().split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
        var exponent = 12
        if halves.count == 2 {
            guard let power = Int(halves[1]), (-30...10).contains(power) else { return nil }
            exponent += power
        }
        let parts = halves[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? String(parts[1].prefix(18)) : ""
        let digits = String(parts[0]) + fraction
        guard (1...30).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            parts.count == 1 || parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), var value = Int128(digits)
        else { return nil }
        exponent -= fraction.utf8.count
        // A bill beyond a hundred thousand million dollars is none.
        let most = Int128(1) << 96
        while exponent > 0, value <= most { (value, exponent) = (value * 10, exponent - 1) }
        while exponent < 0, value > 0 { (value, exponent) = (value / 10, exponent + 1) }
        guard value <= most else { return nil }
        picodollars = isNegative ? -value : value
    }
}

/// Lines of CSV (RFC 4180), tolerant of a byte order mark and of line feeds alone.
struct CSVReader {
    private let bytes: [UInt8]
    private var place: Int
    /// The line that was read last, from 1.
    private(set) var line = 0

    /// Cells of a line, and bytes of a cell.
    static let (maximumCells, maximumCellBytes) = (200, 4096)

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        place = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The next line's cells; `nil` at the end.
    /// - Throws: `validation_error` for a quote that is not closed, and for more than the bounds.
    mutating func next() throws -> [String]? {
        guard place < bytes.count else { return nil }
        line += 1
        var cells: [String] = []
        while true {
            cells.append(try cell())
            guard cells.count <= Self.maximumCells else { throw Invoice.wrong("line \(line) has too many cells") }
            guard place < bytes.count else { return cells }
            let end = bytes[place]
            place += 1
            if end == UInt8(ascii: "\r"), place < bytes.count, bytes[place] == UInt8(ascii: "\n") { place += 1 }
            if end != UInt8(ascii: ",") { return cells }
        }
    }

    private mutating func cell() throws -> String {
        var text: [UInt8] = []
        var isQuoted = false
        if place < bytes.count, bytes[place] == UInt8(ascii: "\"") {
            isQuoted = true
            place += 1
        }
        while place < bytes.count {
            let byte = bytes[place]
            if isQuoted, byte == UInt8(ascii: "\"") {
                place += 1
                guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else {
                    isQuoted = false
                    break
                }
            } else if !isQuoted, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                break
            }
            text.append(byte)
            place += 1
            guard text.count <= Self.maximumCellBytes else { throw Invoice.wrong("line \(line) has a cell too large") }
        }
        guard !isQuoted else { throw Invoice.wrong("line \(line) has a quote that is not closed") }
        // After a closing quote nothing may stand before the comma.
        while place < bytes.count, !",\r\n".utf8.contains(bytes[place]) { place += 1 }
        return String(decoding: text, as: UTF8.self).trimmed
    }
}

extension String {
    /// Without blanks at both ends.
    fileprivate var trimmed: String {
        let blank = { (character: Character) in character == " " || character == "\t" }
        guard let first = firstIndex(where: { !blank($0) }), let last = lastIndex(where: { !blank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
