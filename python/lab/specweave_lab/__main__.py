"""``python -m specweave_lab [--idle-s 300]``: the lab process. See :mod:`specweave_lab.protocol`."""

from __future__ import annotations

import argparse
import sys

from specweave_lab.protocol import serve


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m specweave_lab",
        description="The lab of SpecWeave ML: JSON lines on stdin and stdout.",
    )
    parser.add_argument(
        "--idle-s", type=float, default=300.0, help="end after so many seconds without a request"
    )
    return serve(parser.parse_args().idle_s)


if __name__ == "__main__":
    sys.exit(main())
