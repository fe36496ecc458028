import CupelCore
import Testing

@testable import Gateway

/// Bills of providers as CSV.
@Suite struct InvoiceTests {
    private func read(_ text: String) throws -> [String: Invoice.Sums] {
        let sums = try Invoice(parsing: Array(text.utf8)).sums
        return Dictionary(sums.map { ("\($0.key.day) \($0.key.model)", $0.value) }) { first, _ in first }
    }

    @Test(arguments: [
        "date,model,cost,input_tokens,output_tokens\n2026-03-01,gpt-4.1,1.25,10,3\n2026-03-01,gpt-4.1,0.000001,1,0\n\n",
        "\u{FEFF}Date,\"Model\",Cost (USD),Input Tokens,Output Tokens\r\n2026-03-01,gpt-4.1,\"$1.250001\",11,3\r\n",
        "start_time_iso,line_item,amount_value,n_context_tokens_total,n_generated_tokens_total\n"
            + "2026-03-01T00:00:00+00:00,\"gpt-4.1, input\",1.25,11,0\n2026-03-01T00:00:00+00:00,\"gpt-4.1, output\",1e-06,0,3\n",
        "usage_date_utc,model_version,cost_usd,usage_input_tokens_no_cache,usage_input_tokens_cache_read,usage_output_tokens\n"
            + "2026-03-01,gpt-4.1,1.2500005,4,7,3",
        "start_time,model,cost,input_tokens,output_tokens\n1772323200,gpt-4.1,1.250001,11,3\n",
    ]) func `each provider's names of columns are understood, and sums are exact`(_ text: String) throws {
        let sums = try read(text)
        #expect(sums.count == 1)
        let line = try #require(sums["2026-03-01 gpt-4.1"])
        #expect(line.cost == Money(microdollars: 1_250_001) && line.input == 11 && line.output == 3)
    }

    @Test(arguments: [
        ("", "is empty"), ("a,b\n", "the day"), ("date,cost\n", "`model`"), ("date,model\n", "neither a column `cost`"),
        ("date,model,cost\nsoon,m,1\n", "line 2: the day"),
        ("date,model,cost\n2026-03-01,m,1.2.3\n", "line 2: the cost"),
        ("date,model,cost\n2026-03-01,m,1e99\n", "line 2: the cost"),
        ("date,model,input_tokens\n2026-03-01,m,-1\n", "line 2: tokens"),
        ("date,model,cost\n2026-03-01,\"m,1\n", "not closed"),
    ]) func `what cannot be read is named with its line`(_ text: String, _ message: String) throws {
        let error = #expect(throws: CupelError.self) { try self.read(text) }
        #expect(error?.fields.first?.message.contains(message) == true, "\(String(describing: error?.fields))")
    }

    @Test func `every cut and every changed byte of a bill gives sums or an error`() throws {
        let good = Array("date,model,cost,input_tokens\r\n2026-03-01,\"a \"\"b\"\"\",1.5e-3,7\n2026-03-02,c,-2,\n".utf8)
        for count in 0..<good.count { _ = try? Invoice(parsing: Array(good.prefix(count))) }
        for place in good.indices {
            for byte: UInt8 in [0, 0x22, 0x2C, 0x0A, 0x2D, 0x65, 0x39, 0xFF] {
                var bytes = good
                bytes[place] = byte
                _ = try? Invoice(parsing: bytes)
            }
        }
        let whole = try Invoice(parsing: good).sums
        #expect(whole.count == 2 && whole.values.contains { $0.cost == Money(microdollars: -2_000_000) })
    }
}
