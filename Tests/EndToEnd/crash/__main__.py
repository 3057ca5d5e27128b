"""`python -m crash ROUNDS [SEED]`: what `scripts/crash-test` runs."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path

from support.tollgate import Tollgate

from .run import Run


def main() -> int:
    rounds = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbits(32)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="tollgate-crash-") as directory:
        server = Tollgate(Path(directory) / "server", "--hold-seconds", "86400")
        run = Run(server, Path(directory), seed)
        shown = 0
        for _ in range(rounds):
            print(run.round(), flush=True)
            problems = run.outcome.lost + run.outcome.exceeded + run.outcome.wrong
            for problem in problems[shown : shown + 10]:
                print(f"  {problem}", file=sys.stderr, flush=True)
            shown = len(problems)
        outcome = run.finish()
        for problem in outcome.wrong:
            print(f"  {problem}", file=sys.stderr)
        print(outcome)
        return 0 if outcome.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
