import CupelCore
import Testing

@testable import Playbooks

@Suite struct AskTests {
    @Test func `an ask is read at its limit and refused one byte over it`() throws {
        let most = String(repeating: "a", count: Ask.maximumBytes)
        #expect(try Ask(most).text.utf8.count == Ask.maximumBytes)
        let error = #expect(throws: CupelError.self) { try Ask(most + "a") }
        #expect(error?.code == .validationError)
        #expect(error?.fields.first?.field == "ask")
    }

    @Test(arguments: [
        "", "   \n ", "\u{0}install", "a\u{1B}[31m", "\u{FFFD}\u{FFFD}", "123 456", "\u{202E}nginx", "!!!",
    ])
    func `what is no text is refused`(_ text: String) {
        let error = #expect(throws: CupelError.self) { try Ask(text) }
        #expect(error?.code == .validationError)
    }

    @Test(arguments: [
        ("copy a.conf to /etc/a", [Word.Kind.plain, .file, .plain, .path]),
        ("\"two words\", x", [.quoted, .mark, .plain]),
        ("at 2:30 or 6am.", [.plain, .time, .plain, .time, .mark]), ("10.0.0.0/8 80", [.address, .number]),
        ("git@github.com:a/b.git https://x.y/z", [.url, .url]), ("don't", [.plain]), ("a,b", [.plain, .mark, .plain]),
    ])
    func `words are told apart by their looks`(_ text: String, _ kinds: [Word.Kind]) {
        #expect(Tokenizer.words(of: text).map(\.kind) == kinds)
    }

    @Test(arguments: [
        ("2:30", ClockTime("02:30")), ("6am", ClockTime("06:00")), ("12am", ClockTime("0:00")),
        ("2:30pm", ClockTime("14:30")),
        ("25:00", nil), ("7", nil), ("1:5", nil), ("13pm", nil),
    ])
    func `a time of day is read as people write it`(_ text: String, _ time: ClockTime?) {
        #expect(ClockTime(text) == time)
    }

    @Test(arguments: [
        ("install nginx and make sure it is running", [[Action.install], [.start]]),
        ("stop and disable the cups service", [[.stop, .disable]]),
        ("install, enable and start nginx", [[.install], [.enable, .start]]),
        ("make sure nginx is installed and running", [[.install], [.start]]),
        ("disable bluetooth so it does not start at boot", [[.disable]]),
        ("install git, curl and vim", [[.install]]),
        ("copy a to b. Then restart nginx!", [[.copy], [.restart]]),
        ("on Debian, install jq", [[], [.install]]), ("make sure cups isn't running", [[.stop]]),
        ("ensure telnetd is not installed", [[.remove]]),
        ("set up nginx and have it start on boot", [[.install], [.start]]),
    ])
    func `an ask is cut where something else is wanted`(_ text: String, _ actions: [[Action]]) {
        #expect(Clause.split(Phrase.normalised(Tokenizer.words(of: text))).map(\.actions) == actions)
    }

    @Test func `clauses are bounded`() {
        let many = Array(repeating: "install nginx", count: 60).joined(separator: ", then ")
        #expect(Clause.split(Tokenizer.words(of: many)).count == Clause.maximumCount)
    }

    @Test(arguments: [
        ("install git on the web servers", ["webservers", "web", "all"]), ("install git on all servers", ["all"]),
        ("install git on localhost", ["localhost"]), ("install git", ["all"]),
    ])
    func `the hosts come from the ask`(_ text: String, _ hosts: [String]) {
        #expect(HostPattern.candidates(Tokenizer.words(of: text)) == hosts)
    }
}
