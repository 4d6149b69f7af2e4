"""What it costs to scan an archive: by its size, by engine, and beside ObsPy with PyTorch.

`python scale.py FOLDER --quakebook PROGRAM [PART…]`; `cargo xtask bench scale` calls it. FOLDER holds the inputs of `compare.py`. The
archive that is scanned has their days under other names and dates, so it is simulated as they are. Parts: growth, split, engines,
peer, plan; and year, 365 days of one station, which take 12 GB. A window every two seconds, where `--hop` says nothing else: the cost
of a station-day grows with the number of windows, and nothing else of it does.
"""

import argparse
import hashlib
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
FIRST = date(2014, 2, 16)
# Days of the inputs, and their channels.
N_DAYS, CHANNELS = 30, ("HH1", "HH2", "HHZ")
N_STATIONS = 100
# Stations with a week of days, for shards that are longer than a day.
N_OF_A_WEEK = 4
N_SHARDS = 100_000

SOURCE = "2014/GS/OK029/{channel}.D/GS.OK029.00.{channel}.D.2014.{day:03}"
TARGET = "{year}/XX/{station}/{channel}.D/XX.{station}.00.{channel}.D.{year}.{day:03}"


def record_length(records):
    """As blockette 1000 says, one of a chain that begins in the header."""
    at = int.from_bytes(records[46:48], "big")
    while int.from_bytes(records[at : at + 2], "big") != 1000:
        at = int.from_bytes(records[at + 2 : at + 4], "big")
    return 1 << records[at + 6]


def stamped(records, station, day):
    """Records as if another station had sent them on another day."""
    records = np.frombuffer(records, "u1").reshape(-1, record_length(records)).copy()
    records[:, 8:13] = np.frombuffer(station.ljust(5).encode(), "u1")
    records[:, 18:20] = np.frombuffer(b"XX", "u1")
    records[:, 20:24] = np.array([day.year, day.timetuple().tm_yday], ">u2").view("u1")
    return records.tobytes()


def day_of_year(day):
    return day.timetuple().tm_yday


def add_day(inputs, archive, number, day, n_bytes=None):
    """A station's day, whose records are those of one of the inputs' days; or the first bytes of them."""
    station = f"S{number:03}"
    of_source = day_of_year(FIRST + timedelta((number + (day - FIRST).days) % N_DAYS))
    for channel in CHANNELS:
        target = archive / TARGET.format(year=day.year, day=day_of_year(day), channel=channel, station=station)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(inputs / "archive" / SOURCE.format(channel=channel, day=of_source), "rb") as source:
                target.write_bytes(stamped(source.read(n_bytes), station, day))


def make_archive(inputs, archive, n_days):
    """One station of many days, some of a week, and a day of each other one."""
    archive.mkdir(parents=True, exist_ok=True)
    shutil.copy(inputs / "archive/SIMULATED.txt", archive)
    for number in range(N_STATIONS):
        for k in range(n_days if number == 0 else 7 if number < N_OF_A_WEEK else 1):
            add_day(inputs, archive, number, FIRST + timedelta(k))


def measured(command, n_threads=1, codes=(0,)):
    """Seconds by the clock and of the processors, and the most memory of a process of it in MB."""
    limits = {name: str(n_threads) for name in ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, env=os.environ | limits, text=True)
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in codes:
        raise SystemExit(f"{' '.join(map(str, command))} failed: see above\n{out}")
    return {"seconds": seconds, "processor_s": used.ru_utime + used.ru_stime, "mb": used.ru_maxrss / 1e3, "out": out}


class Bench:
    def __init__(self, inputs, quakebook, hop):
        self.inputs, self.quakebook, self.hop, self.rows = inputs, quakebook, hop, {}
        self.work = inputs / "scale"
        self.archive, self.plans = self.work / "sds", self.work / "plans"
        shutil.rmtree(self.plans, ignore_errors=True)
        self.plans.mkdir(parents=True)

    def plan(self, name, n_stations, n_days, shard="station-day", archive=None):
        """A new plan, and how long it took to make."""
        stations = self.work / "stations.txt"
        stations.write_text("".join(f"XX.S{number:03}\n" for number in range(n_stations)))
        plan = self.plans / name
        shutil.rmtree(plan, ignore_errors=True)
        until = FIRST + timedelta(n_days)
        command = [self.quakebook, "plan", "--archive", archive or self.archive, "--model", "regional", "--shard", shard, "--hop", self.hop]
        command += ["--stations", stations, "--from", FIRST, "--to", until, "--out", plan]
        return plan, measured(command, n_threads=2)["seconds"]

    def all_of(self, plan):
        return [self.quakebook, "work", "--plan", plan, "--all"]

    def side_by_side(self, plan):
        """Two plain processes, each with half of the shards: what two workers can be at best on this machine."""
        n = len((plan / "shards.jsonl").read_text().splitlines())
        work = f"{shlex.quote(str(self.quakebook))} work --plan {shlex.quote(str(plan))} --index"
        return ["sh", "-c", f"{work} 0-{n // 2 - 1} & {work} {n // 2}-{n - 1} & wait"]

    def dask(self, plan, n_workers):
        run = [sys.executable, HERE.parent / "scale/run.py", "--plan", plan, "--quakebook", self.quakebook]
        return [*run, "--workers", n_workers, "--dashboard", "127.0.0.1:0"]

    def table(self, plan):
        table = self.work / "found.csv"
        measured([self.quakebook, "collect", "--plan", plan, "--out", table])
        return table.read_bytes()

    def growth(self, sizes=((1, 1), (1, 7), (1, 30), (10, 1), (100, 1))):
        """One process of one thread."""
        print("\n| Stations | Days | Seconds | Station-days a second | Processor seconds a station-day | Peak memory, MB |")
        print("|--:|--:|--:|--:|--:|--:|")
        for n_stations, n_days in sizes:
            plan, _ = self.plan("growth", n_stations, n_days, "station-month")
            used = measured(self.all_of(plan))
            n = n_stations * n_days
            self.rows[f"growth-{n_stations}x{n_days}"] = used
            print(f"| {n_stations} | {n_days} | {used['seconds']:.1f} | {n / used['seconds']:.3f} | {used['processor_s'] / n:.2f} | {used['mb']:.0f} |", flush=True)

    def year(self):
        make_archive(self.inputs, self.archive, 365)
        self.growth(((1, 365),))

    def split(self):
        """What a station-day's seconds are spent on."""
        plan, _ = self.plan("split", 1, 7, "station-month")
        command = ["cargo", "bench", "--locked", "--quiet", "--profile", "dev", "--bench", "jobs", "--", "split", plan]
        lines = [line.split(maxsplit=1) for line in measured(command)["out"].splitlines()]
        self.rows["split"] = {name: float(seconds) for seconds, name in lines}
        whole = float(lines[-1][0])
        print("\n| Step | Seconds a station-day | Share |\n|---|--:|--:|")
        for seconds, name in lines:
            print(f"| {name} | {float(seconds):.3f} | {100 * float(seconds) / whole:.0f} % |")

    def engines(self):
        """Short shards and longer ones, by one process and by two, and by Dask with one worker and with two."""
        self.engines_on("24 shards of a day", 24, 1, "station-day")
        self.engines_on("4 shards of a week", N_OF_A_WEEK, 7, "station-month")

    def engines_on(self, name, n_stations, n_days, shard):
        ways = {
            "one process": self.all_of,
            "two processes, half of the shards each": self.side_by_side,
            "Dask, 1 worker": lambda plan: self.dask(plan, 1),
            "Dask, 2 workers": lambda plan: self.dask(plan, 2),
        }
        turns, tables = {way: [] for way in ways}, set()
        for _ in range(3):
            for way, command in ways.items():
                plan, _ = self.plan("engines", n_stations, n_days, shard)
                used = measured(command(plan))
                turns[way].append((used["seconds"], used["processor_s"], self.scanned_s(plan)))
                tables.add(self.table(plan))
        if len(tables) != 1:
            raise SystemExit("the tables of the engines differ")
        # What Dask takes for nothing to do: its start, and its end.
        plan, _ = self.plan("engines", 1, 1)
        measured(self.all_of(plan))
        start = min((measured(self.dask(plan, 1)) for _ in range(3)), key=lambda used: used["processor_s"])
        self.rows[name] = {"turns": turns, "start": start}
        middle = {way: [statistics.median(numbers) for numbers in zip(*of)] for way, of in turns.items()}
        print(f"\n| {name}, median of three turns | Seconds | Processor seconds | Of them in the shards, by the clock |\n|---|--:|--:|--:|")
        for way, (seconds, processor_s, scanned_s) in middle.items():
            print(f"| {way} | {seconds:.1f} | {processor_s:.1f} | {scanned_s:.1f} |")
        print(f"| start and end of Dask, once | {start['seconds']:.1f} | {start['processor_s']:.1f} | |")
        (one, one_processor, _), (two, _, _), (of_one, of_one_processor, _), (of_two, _, _) = middle.values()
        start_s, start_processor = start["seconds"], start["processor_s"]
        print(f"- overhead of Dask beside the plain program, without its start: {percent((of_one - start_s) / one - 1)} of the clock, {percent((of_one_processor - start_processor) / one_processor - 1)} of the processor")
        print(f"- efficiency of two plain processes beside one, which is what the machine gives: {percent(one / two / 2)}")
        print(f"- efficiency of Dask's two workers beside two plain processes: {percent(two / (of_two - start_s))} without the start")
        print(f"- efficiency of two workers beside one: {percent((of_one - start_s) / (of_two - start_s) / 2)} without the start, {percent(of_one / of_two / 2)} with it")

    def scanned_s(self, plan):
        """Seconds that the shards took, as their manifests say."""
        return sum(json.loads(path.read_text())["seconds"] for path in plan.glob("manifests/*/*.json"))

    def peer(self):
        """The same job of one station's day by ObsPy and PyTorch, in one process of one thread."""
        plan, _ = self.plan("peer", 1, 1)
        ours = measured(self.all_of(plan))
        found = self.work / "peer.csv"
        theirs = measured([sys.executable, HERE / "scale_peer.py", self.archive, plan / "model", self.hop, FIRST, found])
        starts = [times(text.splitlines()[1:]) for text in (self.table(plan).decode(), found.read_text())]
        agreed = [sum(any(abs(t - u) < 2.0 for u in b) for t in a) for a, b in (starts, starts[::-1])]
        self.rows["peer"] = {"ours": ours, "theirs": theirs, "n": [len(s) for s in starts], "agreed": agreed}
        print("\n| One station-day, one thread | Seconds | Processor seconds | Peak memory, MB | Detections | Of them within 2 s of one of the other's |")
        print("|---|--:|--:|--:|--:|--:|")
        for name, used, of, n in zip(("quakebook", "ObsPy and PyTorch"), (ours, theirs), starts, agreed):
            print(f"| {name} | {used['seconds']:.1f} | {used['processor_s']:.1f} | {used['mb']:.0f} | {len(of)} | {n} |")

    def plan_of_many(self):
        """100,000 shards: 300,000 day files, each of one record."""
        archive, n_days = self.work / "many", N_SHARDS // N_STATIONS
        archive.mkdir(parents=True, exist_ok=True)
        for number in range(N_STATIONS):
            for k in range(n_days):
                add_day(self.inputs, archive, number, FIRST + timedelta(k), 4096)
        plan, of_plan = self.plan("many", N_STATIONS, n_days, archive=archive)
        status = [self.quakebook, "status", "--plan", plan, "--json"]
        of_empty = measured(status, 2, codes=(4,))
        # As if all were done: what came of a real shard, under each one's number and name.
        real, _ = self.plan("real", 1, 1)
        measured(self.all_of(real))
        manifest = json.loads((real / "manifests/000/0000000.json").read_text())
        result = (real / "results/000" / manifest["result"]).read_text()
        manifest["plan_sha256"] = hashlib.sha256((plan / "plan.toml").read_bytes()).hexdigest()
        for shard in map(json.loads, open(plan / "shards.jsonl")):
            thousand, index = f"{shard['index'] // 1000:03}", f"{shard['index']:07}"
            own = {"index": shard["index"], "id": shard["id"], "result": index + manifest["result"][7:]}
            for folder, name, text in (("results", own["result"], result), ("manifests", f"{index}.json", json.dumps(manifest | own) + "\n")):
                (plan / folder / thousand).mkdir(parents=True, exist_ok=True)
                (plan / folder / thousand / name).write_text(text)
        of_full = min((measured(status, 2) for _ in range(3)), key=lambda used: used["seconds"])
        n_most = max(len(names) for _, _, names in os.walk(plan))
        n_done = json.loads(of_full["out"])["n_done"]
        self.rows["plan"] = {"plan_s": of_plan, "status_empty_s": of_empty["seconds"], "status_s": of_full["seconds"], "n_most": n_most}
        print(f"\n{N_SHARDS} shards: planned in {of_plan:.1f} s; status with none done in {of_empty['seconds']:.2f} s, with {n_done} done in {of_full['seconds']:.2f} s ({of_full['processor_s']:.2f} s of the processor); no folder of the plan has more than {n_most} files")


def percent(share):
    return f"{100 * share:.1f} %"


def times(rows):
    """Starts of detections, seconds since 1970: the column that begins with a year."""
    found = []
    for row in rows:
        start = next(cell for cell in row.split(",") if cell[:2] == "20")
        found.append(np.datetime64(start.rstrip("Z")).astype("datetime64[us]").astype(float) / 1e6)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("inputs", type=Path)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--quakebook", type=Path, required=True)
    parser.add_argument("--hop", default="2", metavar="S", help="seconds from one window to the next (2)")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    bench = Bench(args.inputs, args.quakebook, args.hop)
    parts = {"growth": bench.growth, "split": bench.split, "engines": bench.engines, "peer": bench.peer, "plan": bench.plan_of_many}
    unknown = [name for name in args.parts if name not in parts and name != "year"]
    if unknown:
        raise SystemExit(f"no part is called {unknown[0]}: there are {', '.join(parts)}, year")
    make_archive(args.inputs, bench.archive, N_DAYS)
    for name in args.parts or parts:
        (parts | {"year": bench.year})[name]()
    shutil.rmtree(bench.plans)
    if args.json:
        args.json.write_text(json.dumps(bench.rows, indent=1))


if __name__ == "__main__":
    main()
