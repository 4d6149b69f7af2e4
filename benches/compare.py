"""Runs each job on our side and on the other, in turn, and prints a table.

`python compare.py FOLDER [--json FILE] [--pyocto PYTHON] [JOB…]`; `cargo xtask bench` calls it. Both sides are processes
that stay alive; after one run to warm up, and to compare what comes of it, they take turns, each of one
run or, of short ones, of many. A job that does not agree makes the exit code 1.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent

# A turn of a side lasts this long at least.
TURN_S = 0.1


def largest_difference(ours, theirs):
    """The largest difference, in parts of the largest of their numbers."""
    both_nan = np.isnan(ours) & np.isnan(theirs)
    difference = np.where(both_nan, 0.0, np.abs(ours - theirs))
    return float(difference.max() / np.nanmax(np.abs(theirs)))


def after_the_start(n_rows):
    """The same without the first 60 s of each row: our filter begins as if the first sample had stood
    there for ever, SciPy's as if zeros had."""

    def difference(ours, theirs):
        settled = [numbers.reshape(n_rows, -1)[:, 6000:] for numbers in (ours, theirs)]
        return largest_difference(*settled)

    return difference


def excess(ours, theirs):
    """By how much our sum of distances is above theirs, in parts of theirs."""
    return float(max(0.0, ours[0] / theirs[0] - 1.0))


def share_that_differs(ours, theirs):
    """Of numbers that are 0 or 1."""
    return float(np.mean(ours != theirs))


@dataclass
class Job:
    name: str
    about: str
    # How many times as fast as the peer it should be.
    aim: float
    threads: int = 1
    rounds: int = 7
    difference: callable = largest_difference
    tolerance: float = 0.0
    # A job of our own program that is the peer; of `peers.py` where there is none.
    peer: str = ""
    # The job of ours that is measured, where its name is another.
    ours: str = ""
    # Whose Python: `--pyocto PYTHON` where it is not that of this script.
    python: str = ""


JOBS = [
    Job("decode", "decode 10 h x 3 components", 3),
    Job("sta-lta-classic", "classic STA/LTA, 3.6 M samples", 1.5, tolerance=1e-6),
    Job("sta-lta-recursive", "recursive STA/LTA, 3.6 M samples", 1.5, tolerance=1e-6),
    Job("filter", "demean, band pass of 4 corners, 3 x 3.6 M", 4, difference=after_the_start(3), tolerance=1e-6),
    Job("correlation", "correlation, 1000 with 3.6 M samples", 10, tolerance=1e-5),
    Job("quakeml", "read QuakeML of the study's events", 200, tolerance=1e-12),
    Job("comcat", "read ComCat CSV, 1e6 rows", 1, tolerance=1e-12),
    Job("k-medians-1e5", "k-medians of 1e5 points", 3, difference=excess, tolerance=1e-9),
    Job("k-medians-1e6", "k-medians of 1e6 points", 3, difference=excess, tolerance=1e-9),
    Job("windows", "650 + 1950 windows from day files", 100, rounds=3, tolerance=1e-6),
    Job("windows-first", "the same, files never seen before", 100, rounds=3, tolerance=1e-6),
    Job("train", "train one epoch, 3600 windows", 1.5, threads=2, tolerance=1e-4),
    Job("train-tch", "the same beside tch in Rust", 1.5, threads=2, tolerance=1e-4, ours="train", peer="train-tch"),
    # Conjugate gradients carry the rounding of one epoch into the direction of the next.
    Job("perceptron", "the paper's perceptron, 10 epochs, beside libtorch", 1.3, threads=2, tolerance=1e-3, peer="perceptron-libtorch"),
    Job("scan-10s", "scan 10 h, a window every 10 s", 2, threads=2, tolerance=1e-5),
    Job("scan-10s-tch", "the same beside tch in Rust", 2, threads=2, tolerance=1e-5, ours="scan-10s", peer="scan-10s-tch"),
    Job("scan-1s", "scan 10 h, a window each second", 8, threads=2, rounds=5, tolerance=1e-5),
    Job("scan-1s-fixed", "the same, all windows of one scale", 8, threads=2, rounds=5, tolerance=1e-5),
    Job("pick", "P and S of 10 h by PhaseNet's network", 2, threads=2, rounds=3, difference=after_the_start(2), tolerance=1e-5),
    # Programs that find the same events may keep different picks of them.
    Job("associate", "events of a day of 12 stations' picks", 2, rounds=3, difference=share_that_differs, tolerance=0.03, python="pyocto"),
]
ALONE = [Job("fast", "FAST, 10 h x 3 components", 0, threads=2, rounds=3)]


class Side:
    """A process that does one job as often as it is told to."""

    def __init__(self, command, threads):
        names = ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"]
        limits = {name: str(threads) for name in names}
        environment = os.environ | limits
        # Cargo sets it for what it runs: us, by .cargo/config.toml, but not the others.
        environment.pop("GLIBC_TUNABLES", None)
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"{' '.join(map(str, self.process.args))} gave up: see above")
        return answer.strip()

    def seconds(self):
        return float(self.ask("run"))

    def turn(self):
        """Mean seconds of a run, of as many as take longer together than a processor needs to wake up."""
        runs = [self.seconds()]
        while sum(runs) < TURN_S:
            runs.append(self.seconds())
        return statistics.mean(runs)

    def numbers(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "numbers"
            self.ask(f"save {file}")
            return np.fromfile(file, "<f8")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def cargo(*args):
    jobs = ["cargo", "bench", "--locked", "--quiet", "--profile", "dev", "--bench", "jobs", "--"]
    return [*jobs, *map(str, args)]


def machine():
    """Bytes and operations a second by number of threads."""
    lines = subprocess.run(cargo("machine"), stdout=subprocess.PIPE, text=True, check=True).stdout
    rows = [line.split() for line in lines.splitlines()]
    return {int(n): {"bytes": float(b), "flop": float(f)} for n, b, f in rows}


def floor_seconds(answer, rates):
    amount, unit = answer.split()
    return float(amount) / (1.0 if unit == "seconds" else rates[unit])


def measure(job, folder, rates, pythons):
    ours = Side(cargo("serve", job.ours or job.name, folder), job.threads)
    sides = [ours]
    if job.peer:
        sides.append(Side(cargo("serve", job.peer, folder), job.threads))
    elif job not in ALONE:
        python = pythons.get(job.python) or sys.executable
        sides.append(Side([python, HERE / "peers.py", job.name, folder], job.threads))
    for side in sides:
        side.seconds()
    row = {"job": job.name, "about": job.about, "threads": job.threads, "aim": job.aim}
    row["floor_s"] = floor_seconds(ours.ask("floor"), rates[job.threads])
    if len(sides) == 2:
        results = [side.numbers() for side in sides]
        row["peer"] = sides[1].ask("about")
        same_shape = results[0].shape == results[1].shape
        row["difference"] = job.difference(*results) if same_shape else float("inf")
        row["agrees"] = bool(row["difference"] <= job.tolerance)
    rounds = [[side.turn() for side in sides] for _ in range(job.rounds)]
    medians = [statistics.median(times) for times in zip(*rounds)]
    row["ours_s"] = medians[0]
    if len(sides) == 2:
        ratios = [theirs / ours for ours, theirs in rounds]
        row |= {"theirs_s": medians[1], "ratio": medians[1] / medians[0], "ratios": sorted(ratios)}
    for side in sides:
        side.close()
    return row


def printed(seconds):
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1.0:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


HEADER = """\
| Job | Threads | Ours | Peer | Peer / ours (least to most) | Aim | Largest difference | Floor | Ours / floor | Peer is |
|---|--:|--:|--:|--:|--:|--:|--:|--:|---|"""


def line(row):
    ours, floor = row["ours_s"], row["floor_s"]
    cells = [row["about"], row["threads"], printed(ours)]
    if "ratio" in row:
        low, high = row["ratios"][0], row["ratios"][-1]
        difference = f"{row['difference']:.1g}" + ("" if row["agrees"] else " DISAGREES")
        cells += [printed(row["theirs_s"]), f"{row['ratio']:.3g} ({low:.3g} to {high:.3g})"]
        cells += [f"{row['aim']:g}", difference]
    else:
        cells += ["", "", "", ""]
    cells += [printed(floor), f"{ours / floor:.3g}", row.get("peer", "")]
    return "| " + " | ".join(map(str, cells)) + " |"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("jobs", nargs="*", metavar="JOB")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pyocto", help="a Python with PyOcto, which wants another NumPy than the rest")
    args = parser.parse_intermixed_args()
    known = {job.name: job for job in JOBS + ALONE}
    unknown = [name for name in args.jobs if name not in known]
    if unknown:
        raise SystemExit(f"no job is called {unknown[0]}: there are {', '.join(known)}")
    rates = machine()
    for n, rate in rates.items():
        print(f"{n} thread{'s' * (n > 1)}: copies {rate['bytes'] / 1e9:.1f} GB/s (read and written), computes {rate['flop'] / 1e9:.0f} GFLOP/s (f32)")
    print("\n" + HEADER)
    rows = []
    for name in args.jobs or known:
        rows.append(measure(known[name], args.folder, rates, {"pyocto": args.pyocto}))
        print(line(rows[-1]), flush=True)
    if args.json:
        args.json.write_text(json.dumps({"machine": rates, "jobs": rows}, indent=1))
    if not all(row.get("agrees", True) for row in rows):
        raise SystemExit("results disagree: see the table")


if __name__ == "__main__":
    main()
