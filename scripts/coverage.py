"""Turns lcov into Cobertura's XML and a table a target, and fails under a minimum."""

import os
import sys
import time
from xml.sax.saxutils import quoteattr


def read(path):
    """Lines run and lines counted, by file below Sources/."""
    files, name = {}, None
    for line in open(path, encoding="utf-8"):
        if line.startswith("SF:"):
            full = line[3:].strip()
            name = "Sources/" + full.split("/Sources/", 1)[1] if "/Sources/" in full else None
            if name:
                files.setdefault(name, {})
        elif line.startswith("DA:") and name:
            number, count = line[3:].split(",")[:2]
            files[name][int(number)] = files[name].get(int(number), 0) + int(count)
    return {name: lines for name, lines in files.items() if lines}


def rate(files):
    counted = sum(len(lines) for lines in files.values())
    run = sum(1 for lines in files.values() for count in lines.values() if count)
    return run, counted, 100.0 * run / counted if counted else 0.0


def cobertura(files, path):
    run, counted, percent = rate(files)
    with open(path, "w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" ?>\n')
        out.write(f'<coverage line-rate="{percent / 100:.4f}" lines-covered="{run}" lines-valid="{counted}" '
                  f'version="1" timestamp="{int(time.time())}"><sources><source>{quoteattr(os.getcwd())[1:-1]}'
                  '</source></sources><packages><package name="cupel"><classes>\n')
        for name, lines in sorted(files.items()):
            out.write(f'<class name={quoteattr(name)} filename={quoteattr(name)}><lines>')
            out.write("".join(f'<line number="{n}" hits="{c}"/>' for n, c in sorted(lines.items())))
            out.write("</lines></class>\n")
        out.write("</classes></package></packages></coverage>\n")


def main():
    source, target, minimum = sys.argv[1], sys.argv[2], float(sys.argv[3])
    files = read(source)
    cobertura(files, target)
    targets = {}
    for name, lines in files.items():
        targets.setdefault(name.split("/")[1], {})[name] = lines
    for name, group in sorted(targets.items()):
        run, counted, percent = rate(group)
        print(f"  {name:<14} {percent:5.1f} %  {run} of {counted} lines")
    run, counted, percent = rate(files)
    print(f"  {'all':<14} {percent:5.1f} %  {run} of {counted} lines")
    if percent < minimum:
        sys.exit(f"error: {percent:.1f} % of the lines were run; at least {minimum:.0f} % are asked for")


main()
