#!/usr/bin/env python3
"""Measures and shows what signing in withstands: measure.py PENNYPOST DATA_DIR [PART ...] [--wait] [--listen 127.0.0.1:8292]

PENNYPOST is a release build, DATA_DIR a folder that does not exist yet, PART one or more of timing, hammer, reset, open-socket,
leaving, idempotency and canaries; all of them unless named (see README.md). Each part starts a `pennypost up` of its own in a folder
below DATA_DIR and stops it by its process id. What it needs besides Python's standard library it installs into a virtual
environment below target/, once.
"""
import argparse
import importlib
import os
import subprocess
import sys
import venv

sys.dont_write_bytecode = True

HERE = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = os.path.join(HERE, "..", "..", "target", "sign-in-venv")
PACKAGES = ["aiosmtpd==1.4.6", "websockets==15.0.1"]
PARTS = {
    "timing": "timing",
    "hammer": "hammer",
    "reset": "reset",
    "open-socket": "open_socket",
    "leaving": "leaving",
    "idempotency": "idempotency",
    "canaries": "canaries",
}


def be_in_the_environment():
    """Starts this program anew in its own virtual environment, which is made when it is absent."""
    if os.path.realpath(sys.prefix) == os.path.realpath(ENVIRONMENT):
        return
    python = os.path.join(ENVIRONMENT, "bin", "python")
    done = os.path.join(ENVIRONMENT, "complete")
    if not os.path.exists(done):
        venv.create(ENVIRONMENT, clear=True, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        open(done, "w").close()
    os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])


def main():
    parser = argparse.ArgumentParser(description="See README.md.")
    parser.add_argument("pennypost")
    parser.add_argument("data")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--listen", default="127.0.0.1:8292")
    parser.add_argument("--tries", type=int, default=200, help="timing: how often each side is tried")
    parser.add_argument("--attempts", type=int, default=10_000, help="hammer: how many in all")
    parser.add_argument("--rows", type=int, default=100_000, help="leaving: how many transactions")
    parser.add_argument("--wait", action="store_true", help="reset: wait 5 min 5 s for a code to end")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    options.pennypost, options.data = os.path.abspath(options.pennypost), os.path.abspath(options.data)
    be_in_the_environment()
    os.makedirs(options.data, mode=0o755, exist_ok=True)
    from figures import load, say
    failed = []
    for part in options.parts or PARTS:
        print(f"\n== {part}", flush=True)
        say("load before", load())
        try:
            importlib.import_module(PARTS[part]).measure(options)
        except Exception as error:
            failed.append(part)
            say("BROKE OFF", f"{type(error).__name__}: {error}")
        say("load after", load())
    sys.exit(f"broke off: {', '.join(failed)}" if failed else 0)


main()
