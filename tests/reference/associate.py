"""Associations by quakebook and by PyOcto on the same simulated picks, whose truth is known.

    pip install pyocto==0.2.2
    python tests/reference/associate.py target/debug/quakebook > tests/reference/associate.csv

Both get the same picks and thresholds. Waves travel in a half-space (6.0 and 3.5 km/s), so that neither program's travel times
favour it. Pick errors are normal (0.1 s for P, 0.2 s for S); 3 % of the picks are off by 1 to 5 s, 5 % are doubled 0.3 s later, some
are missing, and the rest of the picks is noise. A found event is true if more than half of its picks are of one
earthquake that no earlier one was matched to. Recall counts the earthquakes that have enough picks.
"""

import csv
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyocto

VP, VS = 6.0, 3.5
LATITUDE, LONGITUDE = 35.8, -97.4
KM = 6371.0088 * np.pi / 180
START = pd.Timestamp("2014-02-16")
TOLERANCE = 1.0

# name: stations, half width km, earthquakes, noise picks, hours, picks (P, S) of an event, seed
CASES = {
    "3 stations": (3, 15, 100, 500, 24, (5, 2, 2), 1),
    "12 stations": (12, 40, 250, 4000, 24, (6, 2, 2), 2),
    "12 stations, swarm": (12, 40, 250, 300, 1, (6, 2, 2), 3),
    "12 stations, 8 picks": (12, 40, 250, 4000, 24, (8, 2, 2), 2),
    "100 stations": (100, 100, 200, 4000, 24, (8, 3, 3), 4),
}


def picks_of(n_stations, half_km, n_events, n_noise, hours, seed):
    rng = np.random.default_rng(seed)
    places = rng.uniform(-half_km, half_km, (n_stations, 2))
    rows = []
    for event in range(n_events):
        x, y = rng.uniform(-half_km, half_km, 2)
        depth, start = rng.uniform(3, 15), rng.uniform(0, hours * 3600)
        radius = half_km * rng.uniform(0.4, 2.5)
        for i, (sx, sy) in enumerate(places):
            length = np.sqrt((x - sx) ** 2 + (y - sy) ** 2 + depth**2)
            for phase, speed, error, chance in (("P", VP, 0.1, 0.9), ("S", VS, 0.2, 0.8)):
                if length > radius or rng.random() > chance:
                    continue
                at = start + length / speed + error * rng.normal()
                if rng.random() < 0.03:
                    at += rng.choice([-1, 1]) * rng.uniform(1, 5)
                rows.append((at, i, phase, event))
                if rng.random() < 0.05:
                    rows.append((at + 0.3, i, phase, event))
    for _ in range(n_noise):
        rows.append((rng.uniform(0, hours * 3600), rng.integers(n_stations), rng.choice(["P", "S"]), -1))
    rows.sort()
    return places, rows


def degrees(places):
    stretch = np.cos(np.radians(LATITUDE))
    return LATITUDE + places[:, 1] / KM, LONGITUDE + places[:, 0] / KM / stretch


def by_pyocto(places, rows, half_km, enough):
    # Its mixed thresholds are those of quakebook, which asks for three stations.
    associator = pyocto.OctoAssociator(
        xlim=(-half_km - 30, half_km + 30),
        ylim=(-half_km - 30, half_km + 30),
        zlim=(0, 30),
        velocity_model=pyocto.VelocityModel0D(VP, VS, 2.0),
        time_before=100,
        n_picks=enough[0],
        n_p_picks=enough[1],
        n_s_picks=enough[2],
        n_p_and_s_picks=0,
        pick_match_tolerance=TOLERANCE,
        n_threads=1,
    )
    stations = pd.DataFrame({"id": [f"XX.S{i:03}" for i in range(len(places))], "x": places[:, 0], "y": places[:, 1], "z": 0.0})
    picks = pd.DataFrame(rows, columns=["time", "station", "phase", "event"])
    picks["time"] += START.timestamp()
    picks["station"] = [f"XX.S{i:03}" for i in picks["station"]]
    begin = time.perf_counter()
    _, assigned = associator.associate(picks[["time", "station", "phase"]], stations)
    seconds = time.perf_counter() - begin
    found = [group["pick_idx"].tolist() for _, group in assigned.groupby("event_idx")]
    return found, seconds


def by_quakebook(program, places, rows, half_km, enough):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        latitude, longitude = degrees(places)
        with open(folder / "stations.csv", "w") as file:
            file.write("id,latitude,longitude\n")
            for i, (lat, lon) in enumerate(zip(latitude, longitude)):
                file.write(f"XX.S{i:03},{lat:.8f},{lon:.8f}\n")
        stamps = [(START + pd.Timedelta(seconds=at)).isoformat(timespec="microseconds") for at, *_ in rows]
        index = {}
        with open(folder / "picks.csv", "w") as file:
            file.write("id,timestamp,prob,type\n")
            for i, (stamp, (_, station, phase, _)) in enumerate(zip(stamps, rows)):
                file.write(f"XX.S{station:03}..HH,{stamp},0.9,{phase.lower()}\n")
                index[(f"XX.S{station:03}..HH", stamp + "Z", phase)] = i
        (folder / "velocity.csv").write_text(f"depth,vp,vs\n0,{VP},{VS}\n")
        call = [program, "associate", "--picks", "picks.csv", "--stations", "stations.csv", "--velocity", "velocity.csv"]
        call += ["--min-picks", enough[0], "--min-p", enough[1], "--min-s", enough[2], "--tolerance", TOLERANCE]
        call += ["--arrivals", "arrivals.csv", "--out", "events.csv"]
        begin = time.perf_counter()
        subprocess.run([str(word) for word in call], cwd=folder, check=True, capture_output=True)
        seconds = time.perf_counter() - begin
        found = {}
        for row in csv.DictReader(open(folder / "arrivals.csv")):
            found.setdefault(row["event"], []).append(index[(row["station"], row["time"], row["phase"])])
    return list(found.values()), seconds


def score(found, rows, enough):
    of = Counter((event, station, phase) for _, station, phase, event in rows if event >= 0)
    kinds = Counter()
    for event, _, phase in of:
        kinds[event, phase] += 1
    events = {event for event, *_ in of}
    possible = {
        e
        for e in events
        if kinds[e, "P"] + kinds[e, "S"] >= enough[0] and kinds[e, "P"] >= enough[1] and kinds[e, "S"] >= enough[2]
        and len({s for (event, s, _) in of if event == e}) >= 3
    }
    matched, kept, phases = set(), 0, 0
    for picks in sorted(found, key=len, reverse=True):
        event, n = Counter(rows[i][3] for i in picks).most_common(1)[0]
        if event < 0 or event in matched or 2 * n <= len(picks):
            continue
        matched.add(event)
        kept += len({(rows[i][1], rows[i][2]) for i in picks if rows[i][3] == event})
        phases += kinds[event, "P"] + kinds[event, "S"]
    return {
        "possible": len(possible),
        "found": len(found),
        "precision": len(matched) / max(len(found), 1),
        "recall": len(matched & possible) / len(possible),
        "phases_kept": kept / max(phases, 1),
    }


def main():
    print("case,program,picks,possible,found,precision,recall,phases_kept,seconds")
    for name, (n, half_km, n_events, n_noise, hours, enough, seed) in CASES.items():
        places, rows = picks_of(n, half_km, n_events, n_noise, hours, seed)
        programs = {"PyOcto": lambda: by_pyocto(places, rows, half_km, enough)}
        if len(sys.argv) > 1:
            programs["quakebook"] = lambda: by_quakebook(Path(sys.argv[1]).resolve(), places, rows, half_km, enough)
        for program, run in programs.items():
            found, seconds = run()
            s = score(found, rows, enough)
            print(
                f"\"{name}\",{program},{len(rows)},{s['possible']},{s['found']},{s['precision']:.3f},{s['recall']:.3f},"
                f"{s['phases_kept']:.3f},{seconds:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
