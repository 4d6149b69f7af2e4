"""The other side of the comparison: what a user would take instead.

`python peers.py JOB FOLDER` does a job as often as it is told to, in the words of `benches/jobs/main.rs`:
`run` answers with seconds, `save FILE` writes the numbers that came of it, `about` says what was
measured.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

RATE_HZ = 100.0
N_STA, N_LTA = 100, 1000
N_SAMPLES, N_CLASSES = 1000, 4


def decode(folder):
    import obspy

    def numbers(stream):
        return np.concatenate([trace.data for trace in stream.sort(["channel"])])

    return lambda: obspy.read(folder / "record.mseed"), numbers, "obspy.read"


def motion(folder, dtype):
    return np.fromfile(folder / "motion.f32", "<f4").astype(dtype)


def sta_lta_classic(folder):
    from obspy.signal.trigger import classic_sta_lta

    samples = motion(folder, "f8")
    return lambda: classic_sta_lta(samples, N_STA, N_LTA), np.asarray, "ObsPy's C, on f64"


def sta_lta_recursive(folder):
    from obspy.signal.trigger import recursive_sta_lta

    samples = motion(folder, "f8")
    return lambda: recursive_sta_lta(samples, N_STA, N_LTA), np.asarray, "ObsPy's C, on f64"


def band_pass(folder):
    import obspy

    record = obspy.read(folder / "record.mseed").sort(["channel"])

    def work(stream):
        stream.detrend("demean")
        stream.filter("bandpass", freqmin=1.0, freqmax=12.0, corners=4)
        return stream

    # Both steps change the stream in place: each run has its own.
    return work, lambda s: np.concatenate([t.data for t in s]), "ObsPy's demean and filter", record.copy


def correlation(folder):
    from obspy.signal.cross_correlation import correlate_template

    # On f32 it takes two thirds of the time, but where a stretch is much quieter than the loudest of the
    # record it then gives NaN and coefficients as large as 6.
    samples = motion(folder, "f8")
    template = samples[1_000_000:1_001_000].copy()
    return lambda: correlate_template(samples, template), np.asarray, "correlate_template by FFT, on f64"


def quakeml(folder):
    from obspy import read_events

    def numbers(catalog):
        rows = []
        for event in catalog:
            origin = event.preferred_origin() or event.origins[0]
            magnitude = event.preferred_magnitude() or (event.magnitudes or [None])[0]
            depth_km = np.nan if origin.depth is None else origin.depth / 1000.0
            mag = magnitude.mag if magnitude else np.nan
            rows.append((origin.time.timestamp, origin.longitude, origin.latitude, depth_km, mag))
        return np.array(sorted(rows)).ravel()

    return lambda: read_events(str(folder / "catalog.xml")), numbers, "read_events"


def comcat(folder):
    import polars as pl

    names = ["time", "latitude", "longitude", "depth", "mag", "magType", "id", "type"]

    def work():
        table = pl.read_csv(folder / "comcat.csv", columns=names)
        return table.with_columns(pl.col("time").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ"))

    def numbers(table):
        seconds = table["time"].dt.epoch("us").to_numpy() / 1e6
        rest = [table[name].to_numpy() for name in ["longitude", "latitude", "depth", "mag"]]
        return np.stack([seconds, *rest], axis=1).ravel()

    return work, numbers, "polars, the same 8 columns"


def means(folder, name):
    from sklearn.cluster import KMeans

    points = np.fromfile(folder / name, "<f8").reshape(-1, 2)

    def numbers(fitted):
        of = [points[fitted.labels_ == label] for label in range(3)]
        return np.array([sum(np.abs(p - np.median(p, axis=0)).sum() for p in of)])

    return lambda: KMeans(3, n_init=5, random_state=0).fit(points), numbers, "KMeans, n_init=5"


def normalised(window):
    centred = window - window.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=(-1, -2), keepdims=True))


def windows(folder):
    import obspy

    rows = [line.split(",") for line in (folder / "asked.csv").read_text().split()[1:]]
    asked = [(obspy.UTCDateTime(start), int(n)) for start, n in rows]
    root = folder / "archive"

    def day_file(channel, start):
        folder = root / str(start.year) / "GS" / "OK029" / f"{channel}.D"
        return folder / f"GS.OK029.00.{channel}.D.{start.year}.{start.julday:03d}"

    def work():
        cut = []
        for start, n in asked:
            end = start + (n - 1) / RATE_HZ
            files = [day_file(channel, start) for channel in ("HH1", "HH2", "HHZ")]
            read = [obspy.read(f, starttime=start, endtime=end)[0].data for f in files]
            stretch = np.array(read, dtype="f8").reshape(3, -1, N_SAMPLES).swapaxes(0, 1)
            cut.append(normalised(stretch).astype("f4"))
        return np.concatenate(cut)

    return work, np.ravel, "obspy.read of each window's time in the day files"


def network(folder):
    import torch
    from torch import nn

    torch.set_num_threads(2)
    layers, n_in = [], 3
    for _ in range(8):
        layers += [nn.Conv1d(n_in, 32, 3, stride=2, padding=1), nn.ReLU()]
        n_in = 32
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(32 * 4, N_CLASSES))

    # safetensors: the length of a header in JSON, the header, the numbers.
    raw = (folder / "weights.safetensors").read_bytes()
    n_header = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + n_header])
    names = [f"conv{number}" for number in range(1, 9)] + ["dense"]
    modules = [layer for layer in model if isinstance(layer, (nn.Conv1d, nn.Linear))]
    for name, module in zip(names, modules):
        for kind in ("weight", "bias"):
            about = header[f"{name}.{kind}"]
            start, end = (8 + n_header + offset for offset in about["data_offsets"])
            values = np.frombuffer(raw[start:end], "<f4").reshape(about["shape"]).copy()
            getattr(module, kind).data = torch.from_numpy(values)
    return torch, model


def train(folder):
    samples = np.fromfile(folder / "windows.f32", "<f4").reshape(-1, 3, N_SAMPLES)
    classes = np.fromfile(folder / "classes.u8", "u1").astype("i8")
    order = np.fromfile(folder / "order.u32", "<u4").astype("i8")

    def fresh():
        torch, model = network(folder)
        return torch, model, torch.from_numpy(samples), torch.from_numpy(classes)

    def work(state):
        torch, model, samples, classes = state
        adam = torch.optim.Adam(model.parameters(), lr=1e-3)
        losses = 0.0
        for batch in torch.from_numpy(order).split(128):
            adam.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(samples[batch]), classes[batch])
            loss.backward()
            adam.step()
            losses += loss.item() * len(batch)
        return losses / len(order)

    return work, lambda loss: np.array([loss]), "PyTorch, eager", fresh


def scan(folder, hop, counts=None):
    """Each window scaled by itself, or all by so many counts."""
    import obspy

    stream = obspy.read(folder / "record.mseed").sort(["channel"])
    torch, model = network(folder)
    record = torch.from_numpy(np.stack([trace.data for trace in stream]).astype("f4"))

    def probabilities(record, n_batch):
        with torch.inference_mode():
            answers = []
            for some in record.unfold(1, N_SAMPLES, hop).split(n_batch, dim=1):
                answers.append(model(scaled(some.transpose(0, 1))).softmax(dim=1))
            return torch.cat(answers)

    def scaled(windows):
        if counts is not None:
            return windows / counts
        centred = windows - windows.mean(dim=2, keepdim=True)
        return centred / centred.square().mean(dim=(1, 2), keepdim=True).sqrt()

    def seconds(n_batch):
        some = record[:, : N_SAMPLES + 2047 * hop]
        times = []
        for _ in range(4):
            start = time.perf_counter()
            probabilities(some, n_batch)
            times.append(time.perf_counter() - start)
        return min(times)

    best = min((32, 64, 128, 256), key=seconds)
    return lambda: probabilities(record, best), np.ravel, f"PyTorch, {best} windows at once, the best"


def pick(folder):
    import obspy
    import torch
    from seisbench.models import PhaseNet

    torch.set_num_threads(2)
    # The model that comes with the program has SeisBench's names and form.
    model = Path(__file__).parents[1] / "data/models/onsets"
    description = json.loads((model / "picker.json").read_text())
    peer = PhaseNet(**description["model_args"])
    raw = (model / "weights.safetensors").read_bytes()
    n_header = int.from_bytes(raw[:8], "little")
    state = peer.state_dict()
    for name, about in json.loads(raw[8 : 8 + n_header]).items():
        if name in state:
            start, end = (8 + n_header + offset for offset in about["data_offsets"])
            values = np.frombuffer(raw[start:end], "<f4").reshape(about["shape"]).copy()
            state[name] = torch.from_numpy(values)
    peer.load_state_dict(state)
    peer.eval()
    stream = obspy.read(folder / "record.mseed")
    overlap = description["default_args"]["overlap"]

    def numbers(annotations):
        of = {trace.stats.channel[-1]: trace.data for trace in annotations}
        return np.concatenate([of["P"], of["S"]])

    return lambda: peer.annotate(stream, overlap=overlap), numbers, "SeisBench, the same weights"


def associate(folder):
    import pandas as pd
    import pyocto

    stations = pd.read_csv(folder / "places.csv").rename(columns={"station": "id", "x_km": "x", "y_km": "y"})
    stations["z"] = 0.0
    picks = pd.read_csv(folder / "picks.csv").rename(columns={"time_s": "time"})
    associator = pyocto.OctoAssociator(
        xlim=(-70, 70),
        ylim=(-70, 70),
        zlim=(0, 30),
        velocity_model=pyocto.VelocityModel0D(6.0, 3.5, 2.0),
        time_before=100,
        n_picks=6,
        n_p_picks=2,
        n_s_picks=2,
        n_p_and_s_picks=0,
        pick_match_tolerance=1.0,
        n_threads=1,
    )

    def numbers(found):
        _, assigned = found
        is_used = np.zeros(len(picks))
        is_used[assigned["pick_idx"].to_numpy()] = 1.0
        return is_used

    return lambda: associator.associate(picks, stations), numbers, "PyOcto, the same thresholds"


JOBS = {
    "decode": decode,
    "sta-lta-classic": sta_lta_classic,
    "sta-lta-recursive": sta_lta_recursive,
    "filter": band_pass,
    "correlation": correlation,
    "quakeml": quakeml,
    "comcat": comcat,
    "k-medians-1e5": lambda folder: means(folder, "points-1e5.f64"),
    "k-medians-1e6": lambda folder: means(folder, "points-1e6.f64"),
    "windows": windows,
    "windows-first": windows,
    "train": train,
    "scan-10s": lambda folder: scan(folder, 1000),
    "scan-1s": lambda folder: scan(folder, 100),
    "pick": pick,
    "associate": associate,
    "scan-1s-fixed": lambda folder: scan(folder, 100, counts=100),
}


def main():
    name, folder = sys.argv[1], Path(sys.argv[2])
    # Work, the numbers of its result, a word about it, and what makes its input anew, if any.
    work, numbers, about, *fresh = JOBS[name](folder)
    result = None
    for line in sys.stdin:
        word, _, file = line.strip().partition(" ")
        answer = about
        if word == "run":
            result = None
            given = [make() for make in fresh]
            start = time.perf_counter()
            result = work(*given)
            answer = f"{time.perf_counter() - start:e}"
        elif word == "save":
            np.asarray(numbers(result), dtype="<f8").tofile(file)
            answer = "saved"
        print(answer, flush=True)


if __name__ == "__main__":
    main()
