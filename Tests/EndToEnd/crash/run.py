"""Round after round: load, `kill -9` at a random moment, restart, comparison."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from support import rpc
from support.caller import Caller
from support.process import eventually
from support.tollgate import REPOSITORY, Tollgate, clean_environment

from .audit import Audit
from .history import History, Request
from .witness import Task
from .world import World

#: Requests of one round get numbers from here on.
ROUND = 1_000_000
#: How much the witness must have written before a kill, in bytes: every limit is reached by then.
ENOUGH = 100_000


@dataclass
class Outcome:
    """What all rounds have shown."""

    kills: int = 0
    answered: int = 0
    lost: list[str] = field(default_factory=list)
    exceeded: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.exceeded or self.wrong)

    def __str__(self) -> str:
        text = f"{self.kills} kills, {self.answered:,} decisions answered, {len(self.lost)} lost"
        text += f", {len(self.exceeded)} limits exceeded"
        return text + (f", {len(self.wrong)} otherwise wrong" if self.wrong else "")


class Run:
    """A server, its world, and everything that ever happened to it."""

    def __init__(self, server: Tollgate, directory: Path, seed: int) -> None:
        self.outcome = Outcome()
        self._server = server
        self._directory = directory
        self._random = random.Random(seed)
        self._rounds = 0
        server.start()
        self._world = World.create(server.admin)
        self._history = History(self._world.members)

    def round(self) -> str:
        """One round; returns a line about it. What was wrong is in the outcome."""
        self._rounds += 1
        number = self._rounds
        self._world.raise_limits(self._server.admin)
        log = self._directory / f"round-{number}.log"
        seconds = self._load_and_kill(Task(
            self._server.rpc, str(log), self._random.randrange(1 << 32), number * ROUND,
            [(member.key.secret, member.settled) for member in self._world.members],
            self._leftovers(),
        ))  # fmt: skip
        back = self._restart()
        before = self._history.denials.copy()
        requests = self._history.read(log)
        audit = self._compare(requests, number * ROUND)
        denials = self._history.denials - before
        history = self._history
        unanswered = sum(each.answered_at is None for each in requests)
        return (
            f"round {number}: {history.allowed:,} allowed, {denials.total():,} denied by"
            f" {len(denials)} limits, {history.reported:,} settled; killed after {seconds:.1f} s,"
            f" back in {back:.2f} s; {unanswered} unanswered, {audit.recorded} of them recorded;"
            f" {len(audit.lost)} lost, {len(audit.exceeded)} exceeded"
        )

    def finish(self) -> Outcome:
        """Checks what only all rounds together can show."""
        wanted = {(each.limit, each.level) for each in self._world.subjects if each.limit}
        for limit, level in sorted(wanted - self._history.denials.keys()):
            self.outcome.wrong.append(f"the {level}'s {limit} was never reached: nothing is shown")
        if self._server.terminate() != 0:
            self.outcome.wrong.append("the server did not end well")
        return self.outcome

    # MARK: One round

    def _leftovers(self) -> list[tuple[int, str, int, int]]:
        """Some requests of earlier rounds, to be reported in this one."""
        waiting: list[Request] = [
            each
            for each in self._history.requests.values()
            if each.is_allowed and each.report is None
        ]
        chosen = self._random.sample(waiting, min(30, len(waiting)))
        return [(each.number, each.reservation, each.tokens, each.prompt) for each in chosen]

    def _load_and_kill(self, task: Task) -> float:
        """Has the witness make load until the server is killed; returns the seconds of load."""
        environment = clean_environment({"PYTHONPATH": str(REPOSITORY / "Tests/EndToEnd")})
        witness = subprocess.Popen(
            [sys.executable, "-m", "crash.witness"], stdin=subprocess.PIPE, text=True,
            env=environment,
        )  # fmt: skip
        try:
            witness.stdin.write(json.dumps(asdict(task)))
            witness.stdin.close()
            log = Path(task.log)

            def is_enough() -> bool:
                assert witness.poll() is None, "the witness ended before the server was killed"
                return log.exists() and log.stat().st_size > ENOUGH

            eventually(is_enough, "the witness is heard", 60)
            start = time.monotonic()
            time.sleep(self._random.uniform(0, 1.5))
            assert witness.poll() is None, "the witness ended before the server was killed"
            self._kill()
            seconds = time.monotonic() - start
            assert witness.wait(60) == 0, "the witness failed"
            return seconds
        finally:
            witness.kill()
            witness.wait()

    def _kill(self) -> None:
        assert self._server.is_running, f"the server ended by itself\n{self._server.tail}"
        self._server.kill()
        self.outcome.kills += 1

    def _restart(self) -> float:
        """Starts the server again, now and then after a crash in the middle of a start."""
        if self._random.random() < 0.25:
            self._server.launch_only()
            time.sleep(self._random.uniform(0, 0.3))
            self._kill()
        start = time.monotonic()
        self._server.start()
        return time.monotonic() - start

    def _compare(self, requests: list[Request], first: int) -> Audit:
        self._history.problems.clear()
        audit = Audit(self._world, self._history)
        with rpc.connect(self._server.rpc) as channel:
            audit.run(self._server.admin, Caller(channel), requests, first)
        self.outcome.answered = self._history.answered
        self.outcome.lost += audit.lost
        self.outcome.exceeded += audit.exceeded
        for problem in self._history.problems:
            where = self.outcome.exceeded if "exceeded" in problem else self.outcome.wrong
            where.append(problem)
        self.outcome.wrong += audit.wrong
        return audit
