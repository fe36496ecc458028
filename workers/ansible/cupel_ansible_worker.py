"""Checks Ansible playbooks for Cupel: the syntax check and ansible-lint, kept warm.

Loads ansible-core and ansible-lint once, then forks for each request, so that nothing a playbook does outlives its
answer. It reads one JSON object a line from standard input and writes one a line to standard output:

    {"id": "1", "playbook": "- name: ..."}
    {"id": "1", "syntax": [finding...], "lint": [finding...], "times": {...}}
    {"id": "1", "error": {"code": "timeout", "message": "..."}}

The first line that it writes says whether its self-test passed: {"ready": true, "versions": {...}, ...}. With --plain
it runs the ordinary commands instead and needs none of ansible-lint's private interface; the findings are the same.
"""

import contextlib
import importlib
import json
import os
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import time

MAX_REQUEST_BYTES = 8 << 20
MAX_PLAYBOOK_BYTES = 1 << 20
MAX_ANSWER_BYTES = 4 << 20
MAX_FINDINGS = 500
MAX_MESSAGE_CHARS = 2000
WALL_SECONDS = 45
CPU_SECONDS = 30
MEMORY_BYTES = 1 << 30
FILE_BYTES = 16 << 20

PLAYBOOK = "playbook.yml"
WARM_UP = "warm-up-playbook.yml"
SYNTAX_COMMAND = ["ansible-playbook", "--syntax-check", "-vv", PLAYBOOK]
LINT_OPTIONS = ["--offline", "-q", "--nocolor", "--format", "json"]
ERROR = re.compile(r"^\[ERROR\]: (?P<message>.*?)(?:\nOrigin: (?P<path>[^\n]*?)(?::(?P<line>\d+)(?::(?P<column>\d+))?)?)?"
                   r"(?:\n\n|\n*\Z)", re.MULTILINE | re.DOTALL)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Refusal(Exception):
    """A request that gets an error for an answer."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def finding(rule, severity, message, line, column):
    return {
        "rule": rule,
        "severity": severity,
        "message": without_place(message)[:MAX_MESSAGE_CHARS],
        "line": line,
        "column": column,
    }


def without_place(message):
    """The message without the private directory that the playbook lies in."""
    return message.replace(os.getcwd() + "/", "").replace(os.path.dirname(os.getcwd()), "~")


def syntax_findings(code, errors):
    """What ansible-playbook --syntax-check said, as findings: none when it ended with 0."""
    if code == 0:
        return []
    match = ERROR.search(COLOUR.sub("", errors))
    if match is None:
        return [finding("syntax-check", "error", errors.strip() or f"ended with {code}", 1, None)]
    message = " ".join(match["message"].split())
    column = int(match["column"]) if match["column"] else None
    return [finding("syntax-check", "error", message, int(match["line"] or 1), column)]


def lint_findings(report):
    """ansible-lint's CodeClimate report as findings, in its order."""
    findings = []
    for issue in json.loads(report)[:MAX_FINDINGS]:
        place = issue["location"]
        begin = place["positions"]["begin"] if "positions" in place else {"line": place["lines"]["begin"]}
        severity = "warning" if issue["severity"] == "minor" else "error"
        message = issue["description"].replace("\\[", "[")
        findings.append(finding(issue["check_name"], severity, message, begin["line"], begin.get("column")))
    return findings


# A child for each task.


def in_child(task):
    """Runs `task` in a fork under limits and returns its result and the processor and wall time it took."""
    started = time.monotonic()
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        be_child(task, writer)
    os.close(writer)
    try:
        answer = read_all(reader, started + WALL_SECONDS)
    except Refusal:
        kill_group(child)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(reader)
    kill_group(child)
    _, status, usage = os.wait4(child, 0)
    times = {"cpu": round(usage.ru_utime + usage.ru_stime, 6), "wall": round(time.monotonic() - started, 6)}
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        raise Refusal("timeout", f"The check used more than {CPU_SECONDS} s of processor time.")
    try:
        result = json.loads(answer)
    except ValueError:
        how = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"code {os.waitstatus_to_exitcode(status)}"
        raise Refusal("crash", f"The check ended without an answer ({how}).") from None
    if "error" in result:
        raise Refusal(result["error"]["code"], result["error"]["message"])
    return result["value"], times


def be_child(task, writer):
    """The fork's life: limits, the task, its result; never returns."""
    code = 1
    try:
        os.setsid()
        for kind, limit in (
            (resource.RLIMIT_CPU, CPU_SECONDS),
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, FILE_BYTES),
            (resource.RLIMIT_CORE, 0),
        ):
            hard = resource.getrlimit(kind)[1]
            limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (limit, limit))
        empty = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(empty, descriptor)
        try:
            result = {"value": task()}
        except MemoryError:
            result = {"error": {"code": "memory", "message": f"The check needs more than {MEMORY_BYTES >> 20} MiB."}}
        except RecursionError:
            result = {"error": {"code": "crash", "message": "The playbook nests too deeply to be checked."}}
        except BaseException as error:
            result = {"error": {"code": "crash", "message": f"{type(error).__name__}: {error}"[:MAX_MESSAGE_CHARS]}}
        data = json.dumps(result).encode()
        while data:
            data = data[os.write(writer, data) :]
        code = 0
    finally:
        os._exit(code)


def read_all(reader, deadline):
    """Everything until the end, within time and size."""
    parts, size = [], 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            raise Refusal("timeout", f"The check took longer than {WALL_SECONDS} s.")
        part = os.read(reader, 65536)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise Refusal("too_large", f"The check's answer is over {MAX_ANSWER_BYTES} bytes.")


def kill_group(child):
    for kill in (os.killpg, os.kill):
        try:
            kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass


# The two ways to check.


class Warm:
    """Both tools loaded in this process."""

    def __init__(self):
        from ansible.cli.playbook import PlaybookCLI
        from ansiblelint import runner
        from ansiblelint.__main__ import initialize_options
        from ansiblelint.app import get_app
        from ansiblelint.config import options
        from ansiblelint.formatters import CodeclimateJSONFormatter
        from ansiblelint.output import reconfigure

        initialize_options([*LINT_OPTIONS, PLAYBOOK])
        reconfigure(colored=False)
        # Rules import Ansible, which must find the options in place.
        from ansiblelint.rules import RulesCollection

        self.playbook_cli = PlaybookCLI
        self.runner = runner
        self.options = options
        self.app = get_app(offline=None, cached=True)
        self.rules = RulesCollection(
            app=self.app, rulesdirs=options.rulesdirs, profile_name=options.profile, options=options
        )
        self.formatter = CodeclimateJSONFormatter(options.cwd, True)
        self.warm_up()

    def warm_up(self):
        """Loads here what both tools otherwise load, parse and compile anew in each fork."""
        with open(WARM_UP, "w", encoding="utf-8") as file:
            file.write(GOOD)
        self.options.lintables = [WARM_UP]
        self.runner.subprocess = known_syntax({"code": 0, "output": "", "errors": ""})
        self.runner.get_matches(self.rules, self.options)
        names, _ = in_child(lambda: (self.syntax(WARM_UP), sorted(sys.modules))[1])
        for name in names:
            if name.startswith("ansible.") and name not in sys.modules:
                with contextlib.suppress(Exception):
                    importlib.import_module(name)

    def check(self):
        syntax, syntax_times = in_child(self.syntax)
        lint, lint_times = in_child(lambda: self.lint(syntax))
        return syntax_findings(syntax["code"], syntax["errors"]), lint_findings(lint), syntax_times, lint_times

    def syntax(self, playbook=PLAYBOOK):
        """In a fork: what the command would print and end with."""
        names = ("../output", "../errors")
        for descriptor, name in zip((1, 2), names):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), descriptor)
        code = 0
        try:
            self.playbook_cli.cli_executor([*SYNTAX_COMMAND[:-1], playbook])
        except SystemExit as end:
            code = int(end.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        texts = []
        for name in names:
            with open(name, encoding="utf-8", errors="replace") as file:
                texts.append(file.read(MAX_ANSWER_BYTES // 4))
        return {"code": code, "output": texts[0], "errors": texts[1]}

    def lint(self, syntax):
        """In a fork: ansible-lint's report. It would run the syntax check as a process; ours has been run."""
        self.runner.subprocess = known_syntax(syntax)
        self.options.lintables = [PLAYBOOK]
        result = self.runner.get_matches(self.rules, self.options)
        matches = [match for match in result.matches if match.tag not in self.app.options.skip_list]
        return self.formatter.format_result(matches[:MAX_FINDINGS])


def known_syntax(syntax):
    """What ansible-lint's runner takes for the module `subprocess`: the syntax check's outcome is known."""

    class KnownSyntax:
        PIPE = subprocess.PIPE

        @staticmethod
        def run(command, **arguments):
            if command[:2] != SYNTAX_COMMAND[:2]:
                return subprocess.run(command, **arguments)
            return subprocess.CompletedProcess(command, syntax["code"], syntax["output"], syntax["errors"])

    return KnownSyntax


class Plain:
    """The ordinary commands, as processes."""

    def check(self):
        syntax, syntax_times = in_child(lambda: self.run(SYNTAX_COMMAND))
        lint, lint_times = in_child(lambda: self.run(["ansible-lint", *LINT_OPTIONS, PLAYBOOK]))
        if lint["code"] not in (0, 2):
            raise Refusal("crash", f"ansible-lint ended with {lint['code']}: {lint['errors'][:MAX_MESSAGE_CHARS]}")
        findings = syntax_findings(syntax["code"], syntax["errors"])
        return findings, lint_findings(lint["output"]), syntax_times, lint_times

    @staticmethod
    def run(command):
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        return {"code": done.returncode, "output": done.stdout, "errors": done.stderr[: MAX_ANSWER_BYTES // 4]}


# The self-test: a good playbook and bad ones, with the rules that the plain commands name.

GOOD = """---
- name: Keep the time right
  hosts: all
  become: true
  tasks:
    - name: Install chrony
      ansible.builtin.package:
        name: chrony
        state: present
    - name: Read the uptime
      ansible.builtin.command:
        cmd: uptime
      changed_when: false
"""

EXPECTATIONS = [
    (GOOD, [], []),
    (
        "- hosts: all\n  tasks:\n    - shell: echo hi\n",
        [],
        [
            "command-instead-of-shell", "fqcn[action-core]", "name[missing]", "name[play]", "no-changed-when",
        ],
    ),
    ("---\n- name: Broken\n  hosts: all\n  tasks:\n    - name: No such module\n      ansible.builtin.no_such: {}\n",
     ["syntax-check"], ["syntax-check[unknown-module]"]),
    ("---\n- name: Broken\n  hosts: all\n  tasks:\n    - name: [unclosed\n", ["syntax-check"], ["load-failure[yaml]"]),
    (
        "---\n- name: Wrong\n  hosts: all\n  tasks:\n    - name: Forget the name\n      ansible.builtin.user:\n"
        "        no_such_option: 1\n    - name: Forget the mode\n      ansible.builtin.copy:\n        dest: /tmp/x\n",
        [],
        ["args[module]", "risky-file-permissions"],
    ),
]


def self_test(checker):
    """The first expectation that fails, in words, or None."""
    for playbook, syntax, lint in EXPECTATIONS:
        try:
            answer = check(checker, playbook)
        except Refusal as refusal:
            return f"{refusal.code}: {refusal}"
        found = ([item["rule"] for item in answer["syntax"]], sorted({item["rule"] for item in answer["lint"]}))
        if found != (syntax, lint):
            return f"expected {(syntax, lint)}, found {found}"
    return None


def check(checker, playbook):
    data = playbook.encode("utf-8", "surrogatepass")
    if len(data) > MAX_PLAYBOOK_BYTES:
        raise Refusal("too_large", f"The playbook is over {MAX_PLAYBOOK_BYTES} bytes.")
    empty_directory(".")
    with open(PLAYBOOK, "wb") as file:
        file.write(data)
    syntax, lint, syntax_times, lint_times = checker.check()
    return {"syntax": syntax, "lint": lint, "times": {"syntax": syntax_times, "lint": lint_times}}


def empty_directory(path):
    for entry in os.scandir(path):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            os.unlink(entry.path)


def answer_line(checker, line):
    identity = None
    try:
        try:
            request = json.loads(line)
            identity, playbook = request["id"], request["playbook"]
            if not isinstance(identity, str) or not isinstance(playbook, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Refusal("malformed", 'A request is {"id": text, "playbook": text}.') from None
        return {"id": identity, **check(checker, playbook)}
    except Refusal as refusal:
        return {"id": identity, "error": {"code": refusal.code, "message": str(refusal)}}
    except OSError as error:
        return {"id": identity, "error": {"code": "crash", "message": f"The worker cannot work: {error}"}}


def requests(stream):
    """The lines of the stream; None in place of one that is too long."""
    while True:
        line = stream.readline(MAX_REQUEST_BYTES + 1)
        if not line:
            return
        if len(line) <= MAX_REQUEST_BYTES or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(MAX_REQUEST_BYTES)
        yield None


def versions():
    from importlib.metadata import version

    names = ("ansible-core", "ansible-lint")
    return {"python": sys.version.split()[0], **{name: version(name) for name in names}}


def prepare_place():
    """A private home and an empty project under the temporary directory, and nothing of the caller's settings."""
    import tempfile

    base = tempfile.mkdtemp(prefix="cupel-ansible-")
    project = os.path.join(base, "project")
    os.mkdir(project)
    os.chdir(project)
    for name in [name for name in os.environ if name.startswith(("ANSIBLE_", "PYTHON"))]:
        del os.environ[name]
    tools = os.path.dirname(os.path.abspath(sys.executable))
    os.environ.update(
        HOME=base, XDG_CACHE_HOME=base, TMPDIR=base, PATH=f"{tools}:/usr/bin:/bin", LANG="C.UTF-8", NO_COLOR="1",
        ANSIBLE_NOCOLOR="1", ANSIBLE_LINT_SKIP_SCHEMA_UPDATE="1", PYTHONDONTWRITEBYTECODE="1", COLUMNS="200",
    )
    return base


def main():
    # What the tools print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def write(answer):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    base = prepare_place()
    started = time.monotonic()
    try:
        checker = Plain() if "--plain" in sys.argv else Warm()
        # The plain commands are the reference; testing them against themselves would cost seconds and show nothing.
        failure = None if isinstance(checker, Plain) else self_test(checker)
        about = versions()
    except BaseException as error:
        failure, about = f"{type(error).__name__}: {error}", {}
    seconds = round(time.monotonic() - started, 3)
    write({"ready": failure is None, "versions": about, "seconds": seconds, "error": failure})
    if failure is None:
        for line in requests(sys.stdin.buffer):
            if line is None:
                message = f"A request is at most {MAX_REQUEST_BYTES} bytes."
                write({"id": None, "error": {"code": "too_large", "message": message}})
            else:
                write(answer_line(checker, line))
    shutil.rmtree(base, ignore_errors=True)
    return 0 if failure is None else 1


if __name__ == "__main__":
    sys.exit(main())
