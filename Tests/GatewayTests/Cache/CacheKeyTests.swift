import CupelCore
import Testing

@testable import Gateway

@Suite struct CacheKeyTests {
    private func key(
        _ request: String = #"{"messages":[{"role":"user","content":"hi"}],"temperature":0}"#,
        tenant: String = "t",
        dialect: String = "openai",
        model: String = "m",
        policy: String = "1"
    ) throws -> CacheKey {
        let json = try JSON(parsing: request)
        return CacheKey(tenant: tenant, dialect: dialect, model: model, policyVersion: policy, request: json)
    }

    @Test(arguments: [
        #"{ "temperature": 0, "messages": [ {"content":"hi", "role":"user"} ] }"#,
        #"{"messages":[{"role":"user","content":"\u0068i"}],"temperature":0,"stream":true,"user":"u"}"#,
        #"{"messages":[{"role":"user","content":"hi"}],"temperature":0,"stream_options":{"include_usage":true}}"#,
        #"{"model":"x","messages":[{"role":"user","content":"hi"}],"temperature":0,"metadata":{"a":"b"}}"#,
    ])
    func `how a question is written and sent does not make it another`(_ request: String) throws {
        #expect(try key(request) == key())
    }

    @Test(arguments: [
        #"{"messages":[{"role":"user","content":"Hi"}],"temperature":0}"#,
        #"{"messages":[{"role":"user","content":"hi"}],"temperature":1}"#,
        #"{"messages":[{"role":"user","content":"hi","stream":true}],"temperature":0}"#,
        #"{"messages":[{"role":"user","content":"hi"}],"temperature":0,"n":1}"#,
        #"{"messages":[]}"#,
    ])
    func `what shapes the answer does, also where its name is that of a member that does not`(_ request: String) throws
    {
        #expect(try key(request) != key())
    }

    @Test func `tenant, dialect, model and policy each make another question, however they run together`() throws {
        let keys = [
            try key(), try key(tenant: "u"), try key(dialect: "anthropic"), try key(model: "n"),
            try key(policy: "2"), try key(tenant: "to", dialect: "penai"), try key(tenant: "t8:openai;"),
        ]
        #expect(Set(keys).count == keys.count)
        #expect(Set(keys.map(\.digest)).count == keys.count)
    }

    @Test(arguments: [
        (#"{"messages":[]}"#, true), (#"{"store":true}"#, false), (#"{"store":false}"#, true),
        (#"{"previous_response_id":"r"}"#, false), (#"{"previous_response_id":null}"#, true), ("[]", false),
        (#"{"background":true}"#, false), (#"{"background":false}"#, true),
    ])
    func `what leans on state at the upstream is not cached`(_ request: String, _ isCacheable: Bool) throws {
        #expect(CacheKey.isCacheable(try JSON(parsing: request)) == isCacheable)
    }
}
