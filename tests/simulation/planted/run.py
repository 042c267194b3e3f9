#!/usr/bin/env python3
"""What the simulator is worth: plants one fault of product code at a time and says whether it is noticed.

    tests/simulation/planted/run.py [--seeds 2000] [NAME ...]

Each fault is a patch in this folder. It is applied to a copy of the sources under build/planted, where the simulator is
built and run. Exits 0 when every fault that ran was caught. Fresh caches: about half a minute each.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", "..", ".."))
COPY = os.path.join(ROOT, "build", "planted")
# A broken promise, or a process that died. A seed that is too weak, or a kind of event that is missing, is neither.
NOTICED = re.compile(r"seed \d+ failed: ")


def run(command, **more):
    return subprocess.run(command, cwd=COPY, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **more)


def fresh_copy():
    """The tracked files as they are in the working tree; files that did not change keep their times, and so their objects."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True, stdout=subprocess.PIPE, check=True).stdout.split("\n")
    for name in filter(None, names):
        source, target = os.path.join(ROOT, name), os.path.join(COPY, name)
        if not os.path.isfile(source):
            continue
        with open(source, "rb") as file:
            content = file.read()
        if os.path.exists(target):
            with open(target, "rb") as file:
                if file.read() == content:
                    continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)


def build():
    if not os.path.exists(os.path.join(COPY, "build", "release", "build.ninja")):
        made = run(["cmake", "--preset", "release"])
        if made.returncode != 0:
            sys.exit(made.stdout)
    return run(["cmake", "--build", "--preset", "release", "--target", "florin_simulator"])


def try_fault(patch, seeds):
    fresh_copy()
    applied = run(["patch", "-p1", "--no-backup-if-mismatch", "-i", patch])
    if applied.returncode != 0:
        return None, "does not apply: " + applied.stdout.strip().splitlines()[-1]
    built = build()
    if built.returncode != 0:
        return None, "does not build: " + next((line for line in built.stdout.splitlines() if ": error:" in line), built.stdout[-300:])
    ran = run(["build/release/florin_simulator", "--seeds", str(seeds), "--first", "1", "--jobs", "2"], timeout=1800)
    lines = ran.stdout.strip().splitlines()
    if ran.returncode == 0:
        return False, lines[-1] if lines else ""
    found = next((line for line in lines if NOTICED.match(line)), None)
    return (True, found) if found else (None, "says nothing of the fault: " + (lines[-2] if len(lines) > 1 else f"ended with {ran.returncode}"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="patches to try, without .patch; none: all")
    parser.add_argument("--seeds", type=int, default=2000)
    arguments = parser.parse_args()
    patches = sorted(name for name in os.listdir(HERE) if name.endswith(".patch"))
    if arguments.names:
        patches = [f"{name}.patch" for name in arguments.names]
    missed = 0
    for name in patches:
        caught, what = try_fault(os.path.join(HERE, name), arguments.seeds)
        word = {True: "caught", False: "MISSED", None: "BROKEN"}[caught]
        missed += caught is not True
        print(f"{word:8}{name[:-6]:44}{what}", flush=True)
    print(f"{len(patches) - missed} of {len(patches)} caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
