"""What the checks share: where things lie, reading Swift sources, requirement ids."""

import pathlib
import re
import sys

sys.dont_write_bytecode = True

ROOT = pathlib.Path(__file__).resolve().parent.parent


def files(root, folders, suffixes):
    """Every file under the folders with one of the suffixes, build folders left out, in a stable order."""
    found = []
    for folder in folders:
        base = root / folder
        if base.is_file():
            found.append(base)
            continue
        for path in base.rglob("*"):
            if path.suffix in suffixes and path.is_file() and not any(
                part.startswith(".build") for part in path.relative_to(root).parts
            ):
                found.append(path)
    return sorted(found)


def read(path):
    return path.read_text(encoding="utf-8")


_TOKENS = re.compile(
    r"""
      (?P<line>//[^\n]*)
    | (?P<block>/\*)
    | (?P<string>(?P<hashes>\#*)(?P<quotes>\"\"\"|\"))
    """,
    re.VERBOSE,
)


def without_comments_and_strings(source):
    """Swift source with comments and string contents blanked; line breaks stay, so line numbers hold."""
    out, position = [], 0
    while match := _TOKENS.search(source, position):
        out.append(source[position : match.start()])
        if match["line"] is not None:
            end = match.end()
        elif match["block"] is not None:
            end, depth = match.end(), 1
            while depth and end < len(source):  # Swift's block comments nest.
                if source.startswith("/*", end):
                    depth, end = depth + 1, end + 2
                elif source.startswith("*/", end):
                    depth, end = depth - 1, end + 2
                else:
                    end += 1
        else:
            hashes, quotes = match["hashes"], match["quotes"]
            closing, escape = quotes + hashes, "\\" + hashes
            end = match.end()
            while end < len(source) and not source.startswith(closing, end):
                if quotes == '"' and source[end] == "\n":
                    break
                end += len(escape) + 1 if source.startswith(escape, end) else 1
            end = min(end + len(closing), len(source))
        out.append(re.sub(r"[^\n]", " ", source[match.start() : end]))
        position = end
    out.append(source[position:])
    return "".join(out)


# `EX_2.2_5040`, `RE_GBM_4320`; the Référentiel also writes `EX 2.2_5040`, `EX_ LPS_0100`, `EX_LPS_ 910`.
REQUIREMENT = re.compile(r"(?<![A-Za-z0-9])(EX|RE)[ _]{1,2}(\d(?:\.\d)+|[A-Z]{3})[ _]{1,2}(\d{3,4})(?![0-9])")


def normalised(match):
    """The key under which two spellings of one requirement meet."""
    kind, group, number = match.groups()
    return f"{kind}_{group}_{int(number):04}"


def requirements_in(text):
    """(key, spelling, offset) of every requirement id in a text."""
    return [(normalised(match), match.group(0), match.start()) for match in REQUIREMENT.finditer(text)]


def finish(name, problems, summary):
    """Prints the problems and one summary line, and ends the process."""
    for problem in problems:
        print(f"  {problem}")
    if problems:
        print(f"{name}: FAILED, {len(problems)} problem{'s' if len(problems) > 1 else ''}")
        sys.exit(1)
    print(f"{name}: ok, {summary}")
    sys.exit(0)
