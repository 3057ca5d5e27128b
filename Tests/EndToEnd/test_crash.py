"""A short run of `scripts/crash-test`: real crashes under load, with a witness outside."""

from __future__ import annotations

import random

from crash.run import Run

ROUNDS = 4


def test_no_crash_loses_a_decision_or_lets_a_limit_be_exceeded(tollgate, tmp_path):
    seed = random.randrange(1 << 32)
    run = Run(tollgate("--hold-seconds", "86400"), tmp_path, seed)
    lines = [run.round() for _ in range(ROUNDS)]
    outcome = run.finish()
    told = "\n".join([f"seed {seed}", *lines, *outcome.lost, *outcome.exceeded, *outcome.wrong])
    assert outcome.is_good, told
    assert outcome.kills >= ROUNDS and outcome.answered > 0
