"""The rules of the house that no compiler checks.

    python3 tests/house/house_rules.py ROOT         prints every breach, exits 1 when there is one
    python3 tests/house/house_rules.py --self-test  proves that each rule notices what it is for

Rules: an include points down the house, from the root; nothing includes api/ or tests/ from outside; domain/ knows
the standard library only and no floating point; a header says #pragma once; a source includes its own header first;
a script is executable, strict (set -euo pipefail) and says what it is for; no arm of a visitor takes everything; only
tests make facts that are in no log; what answers requests, and the command line, ask api/ledger and nothing below it; api/http knows HTTP and JSON, and
nothing of what is served with them; clocks, waits, random numbers, files and threads are the runtime's and its
drivers', and no alias hides them (machine_rules.py); FLORIN_TRY is a whole statement or the right side of one;
a file that a comment or a README names exists.
"""

import os
import re
import sys
import tempfile

from machine_rules import (MACHINE_BROKEN, MACHINE_SOUND, alias_breaches, device_breaches, line_of, machine_breaches)

# What each folder may include, besides itself. tests/ may include everything.
BELOW = {
    "domain": [],
    "eventstore": ["domain"],
    "projections": ["eventstore", "domain"],
    "sagas": ["eventstore", "domain"],
    "api": ["projections", "sagas", "eventstore", "domain"],
    "tests": ["api", "projections", "sagas", "eventstore", "domain"],
}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)
# Comments and literals, so that a rule about code does not read prose. Raw strings first: they may hold quotes.
NOT_CODE = re.compile(r'R"(\w*)\(.*?\)\1"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
FLOATING = re.compile(r"\b(double|float)\b|\b\d+\.\d*[fF]?\b|\bstd::(stod|stof|strtod|atof)\b")


# An arm of Overloaded whose parameter is a bare `auto`, or whose type is a template's parameter: it takes any event.
WILDCARD = re.compile(r"\](?:\s*<[^<>]*>)?\s*\(\s*(?:const\s+)?auto(?:\s+const)?\s*[&)]|\]\s*<\s*(?:class|typename)\b")


# What may stand before FLORIN_TRY in its statement, and must stand after it. Within a larger expression its return would
# leave temporaries undestroyed.
TRY_BEFORE = re.compile(r"\s*(?:(?:if|for|while)\s*\([^;]*\)\s*|else\s*|(?:case\b[^:]*|default):\s*)?(?:[\w:.<>&*\[\]\s-]+\s=\s*)?$")


# What answers requests. It asks api/ledger, and nothing that lies below it, so that sockets, webhooks and the command
# line can do the same.
ABOVE_LEDGER = ("api/routes/", "api/web/", "api/ws/", "api/cli/")
BELOW_LEDGER = re.compile(r"(?:eventstore/(?:engine|store)|projections)/")
PURE_HEADERS = {"eventstore/store/base64.h", "eventstore/store/chain.h"}  # hashes and encodings
# By name, too, because api/ledger's headers include them: what replies hold, and the runtime.
VALUES = {"AdjustableClock", "BatchEntry", "base64", "CurrencyBalance", "Fault", "ResultOr", "GameDirectory", "PlayerBalances", "Reused", "Runtime",
          "SteadyTime", "exists", "fault", "machine", "machine_files", "pause_this_thread", "sha256"}
# The commands of an auditor read the store itself, beside a running server or without one: what they show must not rest
# on what the server says.
STORE_READERS = {
    "api/cli/store.h": "opens the log for the commands below",
    "api/cli/store.cpp": "opens the log for the commands below",
    "api/cli/audit_command.cpp": "proves the log and the balances at any position",
    "api/cli/log_command.cpp": "shows and verifies the commits",
    "api/cli/bench_command.cpp": "measures the replay of a log",
    "api/cli/mailboxes_command.cpp": "finds whom the log holds twice, from the folder alone",
    "api/cli/people.h": "opens sealed names with the vault, for the auditor",
    "api/cli/people.cpp": "opens sealed names with the vault, for the auditor",
}
# Who may name the environments of the process, with everything in them: the routes that report on the process itself.
REPORTS_ON_PROCESS = {"api/routes/services.h", "api/routes/system.cpp"}


# What api/http may include, of plain tools; and names that only the routes know.
HTTP_TOOLS = re.compile(r"api/http/|api/budget\.h$|eventstore/runtime/|domain/(?:contract|digits|percent|result|time|utf8)\.h$")
PRODUCT_NAMES = re.compile(r"florin-\w+|game-secret|\w+-signature\b|twilio|stripe|client_request_id|/admin/", re.IGNORECASE)


# A file that prose names: from the root, from the folder of the prose, from its top folder, or by its name alone.
NAMED_FILE = re.compile(r"(?<![\w./{}<>*~:-])(?:[\w-]+/)*[\w-]+\.(?:h|cpp|md|py|yaml|mjs|capnp)\b(?![\w*/])")
COMMENT = re.compile(r"(?:^|\s)//[^\n]*", re.MULTILINE)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def keep_literals(match):
    return blank(match) if match.group().startswith("/") else match.group()


def visitors(code):
    """(start, end) of what stands between the braces of each Overloaded{ … }."""
    for match in re.finditer(r"\bOverloaded(?:\s+\w+){0,2}\s*\{", code):
        depth, at = 1, match.end()
        while at < len(code) and depth:
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            at += 1
        yield match.end(), at


def arms(code):
    """(offset, parameters) of the outermost lambdas of a visitor."""
    depth = 0
    for at, letter in enumerate(code):
        if letter == "[" and depth == 0:
            yield at
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(letter, 0)


def check_visitors(path, text):
    code = NOT_CODE.sub(blank, text)
    for begin, end in visitors(code):
        for at in arms(code[begin:end]):
            start = code.index("]", begin + at)
            if WILDCARD.match(code, start):
                yield f"{path}:{line_of(code, start)}: an arm of a visitor names its event or its family"


def check_try(path, text):
    code = NOT_CODE.sub(blank, text)
    for match in re.finditer(r"\bFLORIN_TRY\s*\(", code):
        begin = max(code.rfind(letter, 0, match.start()) for letter in ";{}") + 1
        depth, at = 1, match.end()
        while at < len(code) and depth:
            depth += {"(": 1, ")": -1}.get(code[at], 0)
            at += 1
        if not TRY_BEFORE.fullmatch(code, begin, match.start()) or not code[at:].lstrip().startswith(";"):
            yield f"{path}:{line_of(code, match.start())}: FLORIN_TRY is a whole statement or the right side of one"


def check_source(path, text):
    folder = path.split("/")[0]
    includes = list(INCLUDE.finditer(text))
    for include in includes:
        where = f"{path}:{line_of(text, include.start())}"
        quote, target = include.groups()
        top = target.split("/")[0] if "/" in target else ""
        if quote == "<":
            if top in BELOW:
                yield f'{where}: our own headers are included with quotes: "{target}"'
            elif folder == "domain" and not re.fullmatch(r"[a-z_]+", target):
                yield f"{where}: domain/ includes the standard library only, not <{target}>"
        elif top not in BELOW:
            yield f'{where}: includes are written from the root, not "{target}"'
        elif top != folder and top not in BELOW[folder]:
            yield f"{where}: {folder}/ must not include {top}/"

    if path.endswith(".h"):
        first = next((line for line in text.splitlines() if line.strip() and not line.startswith("//")), "")
        if first != "#pragma once":
            yield f"{path}:1: a header starts with #pragma once, after its opening comment"

    yield from check_visitors(path, text)
    if path != "domain/result.h":
        yield from check_try(path, text)
    if folder != "tests" and path != "domain/fact.h":
        for match in re.finditer(r"\bTestFacts\b", NOT_CODE.sub(blank, text)):
            yield f"{path}:{line_of(text, match.start())}: facts are read from the log (eventstore/store/facts.h)"

    if folder == "domain":
        code = NOT_CODE.sub(blank, text)
        for match in FLOATING.finditer(code):
            yield f"{path}:{line_of(code, match.start())}: no floating point in domain/: {match.group()}"


def check_above_ledger(path, text):
    if not path.startswith(ABOVE_LEDGER) or path in STORE_READERS:
        return
    for include in INCLUDE.finditer(text):
        if (BELOW_LEDGER.match(include.group(2)) and include.group(2) not in PURE_HEADERS) or include.group(2) == "api/environment.h":
            yield f"{path}:{line_of(text, include.start())}: asks api/ledger, not {include.group(2)}"
    code = NOT_CODE.sub(blank, text)
    for match in re.finditer(r"\b(eventstore|projections)\s*::\s*(\w+)", code):
        if match.group(1) == "projections" or match.group(2) not in VALUES:
            yield f"{path}:{line_of(code, match.start())}: asks api/ledger, not {match.group()}"
    for match in re.finditer(r"(?<!using )\bnamespace\s+(?:florin\s*::\s*)?(?:eventstore|projections)\b", code):
        yield f"{path}:{line_of(code, match.start())}: asks api/ledger, and adds nothing to what is below it"
    if path not in REPORTS_ON_PROCESS:
        for match in re.finditer(r"\bEnvironment\b|(?:\.|->)\s*environments\b", code):
            yield f"{path}:{line_of(code, match.start())}: asks api/ledger, not {match.group()}"


def check_http(path, text):
    if not path.startswith("api/http/"):
        return
    for include in INCLUDE.finditer(text):
        if include.group(1) == '"' and not HTTP_TOOLS.match(include.group(2)):
            yield f"{path}:{line_of(text, include.start())}: api/http is told by its users, and does not include {include.group(2)}"
    for match in PRODUCT_NAMES.finditer(text):
        yield f"{path}:{line_of(text, match.start())}: a name that only the routes know: {match.group()}"


def files_below(root):
    """Every file's path from the root, but what is built, installed or of git."""
    for directory, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in ("node_modules", "build", "data") and not name.startswith(".")]
        for name in names:
            yield os.path.relpath(os.path.join(directory, name), root).replace(os.sep, "/")


def check_named_files(path, text, paths, names):
    here = os.path.dirname(path)
    for prose in (re.compile(r"[^\n]+") if path.endswith(".md") else COMMENT).finditer(text):
        for match in NAMED_FILE.finditer(prose.group()):
            named = match.group()
            known = named in names if "/" not in named else any(
                os.path.normpath(os.path.join(base, named)) in paths for base in ("", here, here.split("/")[0]))
            if not known:
                yield f"{path}:{line_of(text, prose.start() + match.start())}: names a file that does not exist: {named}"


def check_own_header_first(path, text, headers):
    own = re.sub(r"\.cpp$", ".h", path)
    if not path.endswith(".cpp") or own not in headers:
        return
    first = INCLUDE.search(text)
    if not first or first.group(2) != own:
        yield f'{path}:1: the first include is its own header, "{own}"'


def check_script(path, text, executable):
    if not executable:
        yield f"{path}:1: a script is executable"
    lines = text.splitlines()
    if not lines or lines[0] != "#!/usr/bin/env bash":
        return  # another language
    if "set -euo pipefail" not in lines:
        yield f"{path}:1: a bash script says set -euo pipefail"
    if len(lines) < 2 or not lines[1].startswith("# "):
        yield f"{path}:2: a script opens with a comment: what, why, usage"


def breaches(root):
    sources, scripts = {}, {}
    for folder in list(BELOW) + ["scripts", ".ci"]:
        for directory, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                full = os.path.join(directory, name)
                path = os.path.relpath(full, root).replace(os.sep, "/")
                if folder in ("scripts", ".ci"):
                    if "." not in name:
                        scripts[path] = full
                elif name.endswith((".h", ".cpp")):
                    sources[path] = full
                elif re.search(r"\.(?:c|cc|cxx|c\+\+|hh|hpp|hxx|inc|inl|ipp|tpp)$", name):
                    yield f"{path}:1: a source is named .h or .cpp, so that the rules read it"
    texts = {}
    for path, full in sources.items():
        with open(full, encoding="utf-8") as file:
            texts[path] = file.read()
    codes = {path: NOT_CODE.sub(blank, text) for path, text in texts.items()}
    for path, text in sorted(texts.items()):
        yield from check_source(path, text)
        yield from machine_breaches(path, codes[path], codes.get(re.sub(r"\.cpp$", ".h", path), ""))
        yield from alias_breaches(path, codes[path])
        yield from device_breaches(path, NOT_CODE.sub(keep_literals, text))
        yield from check_above_ledger(path, text)
        yield from check_http(path, text)
        yield from check_own_header_first(path, text, sources)
    for path, full in sorted(scripts.items()):
        with open(full, encoding="utf-8") as file:
            yield from check_script(path, file.read(), os.access(full, os.X_OK))
    paths = set(files_below(root))
    names = {os.path.basename(path) for path in paths}
    for path in sorted(paths):
        # A changelog names what was.
        if path in sources or (path.endswith(".md") and path != "CHANGELOG.md" and not path.startswith("tests/golden/")):
            with open(os.path.join(root, path), encoding="utf-8") as file:
                yield from check_named_files(path, file.read(), paths, names)
    if not sources:
        yield f"{root}: there is no source here"


# ---- the rules' own test ---------------------------------------------------------------------------------------------

SOUND = {
    "domain/money.h": '// What double means in prose is nobody\'s business: 1.5\n#pragma once\n#include <cstdint>\n',
    "domain/money.cpp": '#include "domain/money.h"\n\n#include <string>\nchar const* k = "float 1.5"; /* double */\n'
                        "int n = 1'000'000; auto r = R\"(a \" double)\"; char q = '\"'; int m = 1'000;\n",
    "eventstore/log.h": '#pragma once\n#include <sqlite3.h>\n\n#include "domain/money.h"\n',
    "projections/history.h": '#pragma once\n#include "eventstore/log.h"\n',
    "projections/fold.cpp": "auto f = Overloaded{[](A const&) { return [](auto x) { return x; }(1); },\n"
                            "  [&](B auto const& e) { g(e); }};\nauto g = [](auto const& e) {};\n",
    "projections/b.cpp": "f(); auto const x = FLORIN_TRY(g(h(), {1}));\nif (y) FLORIN_TRY(k());\nz->part = FLORIN_TRY(l());\n",
    "sagas/process.h": '#pragma once\n#include "eventstore/log.h"\n',
    "eventstore/runtime/a.cpp": "auto t = std::chrono::steady_clock::now(); int f = ::open(n, 0);\n",
    "eventstore/store/b.cpp": "auto f = FileReader::open(files, n); clock.now(); reader.read(x); n = std::thread::hardware_concurrency();\n",
    "sagas/effects_loop.cpp": "std::thread thread;\n",
    "api/main.cpp": '#include "projections/history.h"\n#include "sagas/process.h"\ndouble seconds = 0.5;\n',
    "api/ledger/ledger.h": '#pragma once\n#include "eventstore/store/vault.h"\neventstore::Vault const& vault;\n',
    "api/http/server.h": '#pragma once\n#include "api/http/asio.h"\n#include "domain/utf8.h"\n#include "eventstore/runtime/clock.h"\n'
                         'namespace florin::api {}  // the request of a client, and its id\n',
    "api/routes/items.cpp": '#include "api/ledger/ledger.h"\n#include "eventstore/runtime/runtime.h"\n'
                            "eventstore::Fault f;  // eventstore::Vault\n",
    "tests/api/main_test.cpp": '#include "api/http/server.h"\n#include "tests/support/disk.h"\n',
    "eventstore/store/c.cpp": '// eventstore/log.h, log.h, store/b.cpp, `views/x.db`, money.*\nauto n = "none/such.h";\n',
    "eventstore/README.md": "See `store/b.cpp` and [log](log.h).\n",
    "CHANGELOG.md": "`gone.cpp` went.\n",
    "scripts/test": "#!/usr/bin/env bash\n# Runs the tests.\nset -euo pipefail\n",
}
BROKEN = [
    ("domain/a.cpp", "auto t = MyClock::now();\n", "reads a clock"),
    ("domain/a.cpp", '#include "eventstore/log.h"\n', "domain/ must not include eventstore/"),
    ("domain/a.cpp", '#  include "api/http/server.h"\n', "domain/ must not include api/"),
    ("domain/a.cpp", "#include <boost/asio.hpp>\n", "standard library only"),
    ("domain/a.cpp", "#include <sqlite3.h>\n", "standard library only"),
    ("domain/a.cpp", "int f() { return int(double(1)); }\n", "no floating point"),
    ("domain/a.cpp", "/* money */ float f;\n", "no floating point"),
    ("domain/a.cpp", "auto n = 1'000; auto f = 2.5;\n", "no floating point"),
    ("eventstore/a.cpp", '#include "projections/history.h"\n', "eventstore/ must not include projections/"),
    ("eventstore/a.cpp", '#include "tests/support/disk.h"\n', "eventstore/ must not include tests/"),
    ("projections/a.cpp", '#include "sagas/process.h"\n', "projections/ must not include sagas/"),
    ("projections/a.cpp", '#include "api/main.h"\n', "projections/ must not include api/"),
    ("sagas/a.cpp", '#include "projections/history.h"\n', "sagas/ must not include projections/"),
    ("sagas/a.cpp", '#include "api/main.h"\n', "sagas/ must not include api/"),
    ("api/a.cpp", '#include "tests/support/disk.h"\n', "api/ must not include tests/"),
    ("api/a.cpp", '#include <domain/money.h>\n', "included with quotes"),
    ("api/a.cpp", '#include "../domain/money.h"\n', "written from the root"),
    ("api/a.cpp", '#include "server.h"\n', "written from the root"),
    ("api/a.h", "// once\n#include <string>\n", "#pragma once"),
    ("domain/money.cpp", '#include <string>\n\n#include "domain/money.h"\n', "its own header"),
    ("api/a.cpp", "auto f = TestFacts::make(e, first, at);\n", "read from the log"),
    ("api/routes/a.cpp", '#include "eventstore/engine/writer.h"\n', "asks api/ledger"),
    ("api/routes/a.cpp", '#include "projections/history.h"\n', "asks api/ledger"),
    ("api/web/a.h", '#pragma once\n#include "eventstore/store/vault.h"\n', "asks api/ledger"),
    ("api/ws/a.cpp", "eventstore::Tail& tail = t;\n", "asks api/ledger"),
    ("api/routes/a.cpp", "auto page = projections::read_history(view);\n", "asks api/ledger"),
    ("api/routes/a.cpp", '#include "api/environment.h"\n', "asks api/ledger"),
    ("api/routes/a.cpp", "eventstore ::\n  Log* log;\n", "asks api/ledger"),
    ("api/routes/a.cpp", "using eventstore::Log;\n", "asks api/ledger"),
    ("api/routes/a.cpp", "::florin::eventstore::Log* log;\n", "asks api/ledger"),
    ("api/routes/a.cpp", "namespace florin::eventstore { Log* log; }\n", "asks api/ledger"),
    ("api/routes/a.cpp", "auto& e = *services.environments[0];\n", "asks api/ledger"),
    ("api/routes/a.cpp", "void f(Environment& e);\n", "asks api/ledger"),
    ("api/cli/a_command.cpp", '#include "eventstore/engine/recovery.h"\n', "asks api/ledger"),
    ("api/cli/a_command.cpp", '#include "projections/history.h"\n', "asks api/ledger"),
    ("api/cli/a_command.cpp", "eventstore::SqliteLog log;\n", "asks api/ledger"),
    ("api/http/a.cpp", '#include "api/routes/routes.h"\n', "api/http is told by its users"),
    ("api/http/a.h", '#pragma once\n#include "api/ledger/ledger.h"\n', "api/http is told by its users"),
    ("api/http/a.cpp", '#include "domain/money.h"\n', "api/http is told by its users"),
    ("api/http/a.cpp", '#include "eventstore/store/vault.h"\n', "api/http is told by its users"),
    ("api/http/a.cpp", 'out += "\\r\\nFlorin-Position: ";\n', "only the routes know: Florin-Position"),
    ("api/http/a.cpp", 'auto n = "x-game-secret-key";\n', "only the routes know: game-secret"),
    ("api/http/a.cpp", "string_view signature;  // X-Twilio-Signature\n", "only the routes know: Twilio-Signature"),
    ("api/a.cpp", "auto f = Overloaded{[](A const&) {}, [&](auto const&) {}};\n", "names its event or its family"),
    ("api/a.cpp", "auto f = Overloaded{\n [](auto) { return g({}); }};\n", "names its event or its family"),
    ("api/a.cpp", "Overloaded const f{[&]<class E>(E const& e) {}};\n", "names its event or its family"),
    ("api/a.cpp", "auto x = f(FLORIN_TRY(g()));\n", "FLORIN_TRY is a whole statement"),
    ("api/a.cpp", "auto x = FLORIN_TRY(g()).size();\n", "FLORIN_TRY is a whole statement"),
    ("api/a.cpp", "for (auto x : FLORIN_TRY(g())) f(x);\n", "FLORIN_TRY is a whole statement"),
    ("api/a.cpp", "int x;  // the rule of eventstore/store/log.h\n", "does not exist: eventstore/store/log.h"),
    ("api/a.cpp", "// gone.h says why.\n", "does not exist: gone.h"),
    ("api/README.md", "`money.h`, `gone.cpp`\n", "does not exist: gone.cpp"),
    ("sagas/a.inc", "auto x = 1;\n", "named .h or .cpp"),
    ("scripts/run", "#!/usr/bin/env bash\n# Runs.\nset -e\n", "set -euo pipefail"),
    ("scripts/run", "#!/usr/bin/env bash\nset -euo pipefail\n", "opens with a comment"),
]


SOUND |= {path: SOUND.get(path, "") + text for path, text in MACHINE_SOUND.items()}
BROKEN += MACHINE_BROKEN


def breaches_of(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(full, 0o755)
        return list(breaches(root))


def self_test():
    failures = [f"a sound house is refused: {breach}" for breach in breaches_of(SOUND)]
    for path, text, expected in BROKEN:
        found = breaches_of({**SOUND, path: text})
        if len(found) != 1 or expected not in found[0] or not found[0].startswith(path):
            failures.append(f"{path} with {text!r}: expected one breach, '{expected}', found {found}")
    if not breaches_of({"README.md": "empty"}):
        failures.append("an empty house passes")
    return failures


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    found = self_test() if arguments[0] == "--self-test" else list(breaches(arguments[0]))
    for breach in found:
        print(breach)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
