"""One enterprise against many rules: the index beside every engine that could do the same, on the same rules and facts.

Ours is timed from a plain mapping of facts to the two lists of ids, encoding included, each enterprise met for the
first time. The rivals get complete facts in the shape they like best and know no unknown ones.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench import rivals, workload
from eligibility import Rule, RuleIndex

TITLE = "One enterprise over many rules"
SIZES = tuple(int(n) for n in os.environ.get("BENCH_RULES", "1000,10000,100000").split(","))
ENTERPRISES = 600
WARM = 100
Facts = Mapping[str, object]


def measure() -> str:
    """Tables in Markdown. Raises AssertionError where the index and a rival disagree on a complete enterprise."""
    lines = [
        "",
        "| rules | system | p50 us | p95 us | p99 us | p50 against the index |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    more = ["", "| rules | what | figure |", "|---:|---|---:|"]
    for count in SIZES:
        rules = workload.rules(count)
        index, built = build(rules, more)
        complete = workload.enterprises(ENTERPRISES)
        ours = timed(index.match, complete)
        lines.append(row(count, "the index, complete facts", ours, ours))
        for name, facts in (
            ("the index, 15% of the facts unknown", workload.enterprises(ENTERPRISES, unknown=0.15)),
            (
                "the index, region unknown",
                workload.enterprises(ENTERPRISES, without=("province_code", "city_code")),
            ),
        ):
            lines.append(row(count, name, timed(index.match, facts), ours))
        for rival in rivals.FORWARD:
            if count > rival.most:
                continue
            told(f"{count} rules: {rival.name}")
            judge = rival.build(rules)
            met = complete[: max(20, min(ENTERPRISES, rival.enough // count))]
            agree(rival.name, judge, index, met[:5])
            lines.append(row(count, rival.name, timed(judge, [rival.facts(f) for f in met]), ours))
        changes(count, rules, index, more)
        del index, built
    return "\n".join([f"## {TITLE}", "", ABOUT, *lines, *more, *cold()])


ABOUT = (
    "25 facts, about 6.3 conditions a rule, about 1.3% of the rules apply; "
    f"{ENTERPRISES} enterprises for the index, the first of them for the rivals. Times are single calls; the machine "
    "is shared, so the ratios in one run are what to read. The rivals answer complete facts only, without a third "
    "state, and get the facts converted beforehand."
)


def build(rules: Mapping[str, Rule], more: list[str]) -> tuple[RuleIndex, float]:
    """The index, and what building it took: time, and memory beyond what the parsed rules hold."""
    told(f"{len(rules)} rules: building the index")
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = resident("VmRSS")
    start = time.perf_counter()
    index = RuleIndex.build(rules)
    took = time.perf_counter() - start
    gc.collect()
    held, peak = resident("VmRSS") - before, resident("VmHWM") - before
    more.append(f"| {len(rules):,} | build from parsed rules | {took:.2f} s |")
    more.append(
        f"| {len(rules):,} | memory the index holds, and the most while building | {held:.0f} MB, {peak:.0f} MB |"
    )
    return index, took


def resident(what: str) -> float:
    """Megabytes, from the kernel's own account."""
    text = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what))
    return int(text.split()[1]) / 1024


def changes(count: int, rules: Mapping[str, Rule], index: RuleIndex, more: list[str]) -> None:
    """Replacing single rules, and saving and opening."""
    names = list(rules)
    times = []
    for name in names[:100]:
        start = time.perf_counter()
        index.put(name, rules[names[-1]])
        times.append((time.perf_counter() - start) * 1e3)
    times.sort()
    spread = f"{times[50]:.1f} ms, {times[-1]:.1f} ms"
    more.append(f"| {count:,} | replacing one rule, the first to the hundredth: p50, worst | {spread} |")
    fresh = RuleIndex.build({name: rules[name] for name in names[: min(count, 10_000)]})
    with tempfile.TemporaryDirectory() as folder:
        fresh.save(Path(folder) / "index")
        start = time.perf_counter()
        RuleIndex.load(Path(folder) / "index").match(workload.enterprises(1)[0])
        took = (time.perf_counter() - start) * 1e3
    more.append(f"| {min(count, 10_000):,} | opening a saved index and the first match | {took:.0f} ms |")


def agree(name: str, judge: rivals.Judge, index: RuleIndex, enterprises: Sequence[Facts]) -> None:
    """A rival that answers something else would be measured for nothing."""
    rival = next(r for r in rivals.FORWARD if r.name == name)
    for facts in enterprises:
        assert sorted(judge(rival.facts(facts))) == sorted(index.match(facts).eligible), f"{name} disagrees"


def timed(judge: Callable[[Facts], object], enterprises: Sequence[Facts]) -> tuple[float, float, float]:
    """p50, p95 and p99 in microseconds over enterprises met once each, the first ones left out."""
    warm = min(WARM, len(enterprises) // 4)
    for facts in enterprises[:warm]:
        judge(facts)
    found = []
    gc.disable()
    try:
        for facts in enterprises[warm:]:
            start = time.perf_counter()
            judge(facts)
            found.append((time.perf_counter() - start) * 1e6)
    finally:
        gc.enable()
    found.sort()
    return tuple(found[min(len(found) - 1, int(len(found) * share))] for share in (0.5, 0.95, 0.99))  # type: ignore[return-value]


def row(count: int, name: str, found: tuple[float, float, float], ours: tuple[float, float, float]) -> str:
    return f"| {count:,} | {name} | {found[0]:,.1f} | {found[1]:,.1f} | {found[2]:,.1f} | {found[0] / ours[0]:,.1f} x |"


FIRST = """
import time, sys
from bench import workload
from eligibility import RuleIndex
rules = workload.rules(100)
start = time.perf_counter()
RuleIndex.build(rules).match({})
print(time.perf_counter() - start)
"""


def cold() -> list[str]:
    """The first match of a process: with the kernels to be compiled, and with them found on disk."""
    lines = [
        "",
        "The kernels are compiled once and kept on disk; the first match of a process, 100 rules built with it:",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for what in ("compiling", "from disk"):
            told(f"first match, {what}")
            environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
            answer = subprocess.run(
                [sys.executable, "-c", FIRST], env=environment, capture_output=True, text=True, check=True
            )
            lines.append(f"- {what}: {float(answer.stdout):.2f} s")
    return lines


def told(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)
