"""Crashes under load: what a server has answered is compared with what it knows after `kill -9`.

`witness` is a process of its own that asks, reports usage, and writes down both what it asked and
what it was answered. `world` has the keys and their limits, `history` what the witness wrote,
`audit` compares it with the server after a restart, and `run` goes round and round.
`scripts/crash-test N` starts it; `test_crash.py` makes a short run.
"""
