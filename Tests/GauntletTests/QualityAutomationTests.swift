import CupelCore
import Gauntlet
import Testing

@Suite struct QualityAutomationTests {
    private func score(_ text: String, _ path: String) throws -> QualityScore {
        try #require(Array(text.utf8).withUnsafeBytes { QualityScanner.measure($0, path: path) })
    }

    private func play(_ tasks: String) -> String { "- name: A play\n  hosts: all\n  tasks:\n" + tasks }

    @Test(arguments: [
        ("    - name: Step\n      copyy: src=a\n      service: name=x\n", "structure"),
        ("    - name: Step\n      become: true\n", "structure"),
        ("    - shell: apt-get install -y nginx\n", "bare-shell"),
        ("    - ansible.builtin.copy:\n        src: a\n        mode: '0644'\n", "task-names"),
        ("    - name: Step\n      debug:\n        msg: {{ value }}\n", "parses"),
        ("    - name: Step\n\tdebug:\n", "parses"), ("    - name: Step\n      debug:\n        msg: 'open\n", "parses"),
        ("    - name: Step\n      debug:\n        msg: a\n        msg: b\n", "parses"),
        ("    - name: Step\n      apt: name=x state=latest\n      ignore_errors: true\n", "lint"),
    ])
    func `a playbook is judged by what it is built of`(_ tasks: String, _ signal: String) throws {
        let score = try score(play(tasks), "site.yml")
        #expect(score.signals.contains { $0.name == signal && $0.value < 0.9 && !$0.words.isEmpty }, "\(score.signals)")
    }

    @Test(arguments: [
        "    - name: Ask the service\n      ansible.builtin.command: systemctl is-active nginx\n      changed_when: false\n",
        "    - name: Count\n      ansible.builtin.shell: |\n        set -o pipefail\n        cat /etc/hosts | wc -l\n      changed_when: false\n",
        "    - name: Group\n      block:\n        - name: Say\n          ansible.builtin.debug:\n            msg: \"{{ a }}\"\n",
        "    - ansible.builtin.import_tasks: other.yml\n",
        "    - name: Write\n      ansible.builtin.copy:\n        dest: /etc/motd\n        mode: \"0644\"\n        content: >-\n          key: not a key\n            - nor an item\n",
    ])
    func `good tasks of every form pass`(_ tasks: String) throws {
        let score = try score(play(tasks), "site.yml")
        #expect(score.value >= 0.9, "\(score.costliest())")
    }

    @Test(arguments: [
        ("runs-on: ubuntu-latest\n", "", "structure"), ("@v4", "@main", "pinned"), ("on: [push]\n", "", "structure"),
        ("run: make test", "shell: bash", "structure"), ("    steps:", "\tsteps:", "parses"),
        ("run: make test", "run: echo ${{ github.event.issue.title }}", "lint"),
    ])
    func `a workflow is judged by its jobs and steps`(_ part: String, _ other: String, _ signal: String) throws {
        let text = QualitySamples.workflow.replacing(part, with: other)
        #expect(text != QualitySamples.workflow)
        let score = try score(text, ".github/workflows/ci.yml")
        #expect(score.signals.contains { $0.name == signal && $0.value < 0.9 && !$0.words.isEmpty }, "\(score.signals)")
    }

    @Test(arguments: [
        "a: 'it''s'\nb: \"x: y\"\n", "a:\n- b\n- c: 1\n  d: 2\ne: [1,\n  2]\nf: {g: h}\n", "a: b\n  continued\nc: d\n",
        "? x\n: y\n", "a: &x\n  b: 1\nc:\n  <<: *x\n", "- - a\n  - b\n- c\n", "a: |2\n    x\n   y\nb: 1\n",
        "a: \"x\n  y\"\nb: 1\n", "'it''s: x': 1\n", "a: !tag\n  b: 1\n", "key: value # a: comment\n",
        "- some words\n  - and more\n- b\n",
    ])
    func `good YAML is not taken for broken`(_ yaml: String) throws {
        let score = try score("# Some words, so that there is enough to judge.\n---\n" + yaml, "values.yaml")
        #expect(score.signals.first { $0.name == "parses" }?.value ?? 1 == 1, "\(score.signals)")
    }

    @Test func `an engine with the layer keeps the score, and a finding says what to do`() throws {
        let engine = try GauntletEngine(
            rules: RulePack(release: "test", rules: []),
            cacheDirectory: nil,
            measuresQuality: true
        )
        #expect(engine.layers == [.quality])
        let good = engine.scan(Array(QualitySamples.python.utf8), path: "orders.py")
        #expect(good.findings == [])
        #expect((good.quality?.value ?? 0) > 0.9)
        #expect(good.times.layers[.quality] != nil)
        let bad = engine.scan(Array(QualitySamples.numbers.utf8), path: "table.py")
        let finding = try #require(bad.findings.first)
        #expect(finding.rule == "quality-low")
        #expect(finding.layer == .quality)
        #expect(finding.severity <= .medium)
        #expect(finding.message.contains("keep data in a file of its own"))
        let allowed = engine.scan(
            Array(("# cupel:" + "allow quality-low a table of primes\n" + QualitySamples.numbers).utf8),
            path: "table.py"
        )
        #expect(allowed.findings == [])
        #expect(allowed.allowances.map(\.rule) == ["quality-low"])
        #expect(engine.assay(Array(QualitySamples.numbers.utf8), path: "table.py").verdict == .pass)
    }
}
