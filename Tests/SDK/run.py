"""Runs the official clients against the gateway: fake providers, the real server, every test; see --help.

The binary is CUPEL_BIN, or the debug build. One line for each failed test and the totals go to standard output; the
exit code is 0 when all passed.
"""

import argparse
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

try:
    import anthropic
    import openai

    import harness
except ModuleNotFoundError as missing:
    sys.exit(f"{missing.name} is not installed here; run: scripts/install-tools --sdk")


class Result(unittest.TestResult):
    """Counts, and keeps a line for each failure."""

    def __init__(self, verbose):
        super().__init__()
        self.verbose = verbose
        self.passed = 0
        self.lines = []

    def startTest(self, test):
        super().startTest(test)
        self._since = time.monotonic()

    def addSuccess(self, test):
        self.passed += 1
        if self.verbose:
            print(f"passed {time.monotonic() - self._since:6.2f} s  {test.id()}", flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self.failures.append((subtest, ""))
            self._fail(subtest, err)

    def _fail(self, test, err):
        if self.verbose:
            print(self._exc_info_to_string(err, test), flush=True)
        place, trace = "", err[2]
        while trace is not None:
            name = os.path.basename(trace.tb_frame.f_code.co_filename)
            if name.startswith("test_"):
                place = f"{name}:{trace.tb_lineno}"
            trace = trace.tb_next
        reason = " ".join(f"{err[0].__name__}: {err[1]}".split())
        self.lines.append(f"failed {test.id()} ({place}): {reason[:600]}")
        print(self.lines[-1], flush=True)


def main():
    """Runs what is asked for, and gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for every test, and traces")
    parser.add_argument("patterns", nargs="*", help="run only tests whose name holds one of these")
    options = parser.parse_args()
    binary = os.environ.get("CUPEL_BIN", harness.ROOT + "/.build/debug/cupel")
    since = time.monotonic()
    harness.GATEWAY = harness.Gateway(binary)
    result = Result(options.verbose)
    folder = os.path.dirname(os.path.abspath(__file__))
    try:
        suite = unittest.TestSuite(_chosen(unittest.TestLoader().discover(folder), options.patterns))
        suite.run(result)
        if result.lines and options.verbose:
            print(harness.GATEWAY.log())
    finally:
        code = harness.GATEWAY.stop()
    if code != 0:
        result.lines.append(f"failed: the server ended with {code} at SIGTERM")
        print(result.lines[-1])
    ok = not result.lines and result.testsRun > 0
    print(f"{'passed' if ok else 'FAILED'}: {result.testsRun} tests, {len(result.lines)} failures, "
          f"{time.monotonic() - since:.1f} s, openai {openai.__version__}, anthropic {anthropic.__version__}")
    return 0 if ok else 1


def _chosen(suite, patterns):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _chosen(test, patterns)
        elif not patterns or any(pattern in test.id() for pattern in patterns):
            yield test


if __name__ == "__main__":
    sys.exit(main())
