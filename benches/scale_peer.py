"""A station's day scanned as one would without us: ObsPy reads and filters, PyTorch classifies.

`python scale_peer.py ARCHIVE MODEL HOP DATE OUT.csv`: the model of a plan's folder, its network and its regression, with its windows,
scale, average and threshold; a window every HOP seconds. Days whose records have gaps are not for it.
"""

import json
import sys
import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import obspy
import torch
from torch import nn

RATE_HZ, BAND_HZ, ORDER = 50.0, (1.0, 20.0), 4
# The first quartile of the absolute value of a standard normal number.
NOISE_QUARTILE = 0.3186394
N_BATCH = 128


def read_network(folder):
    """Convolutions of stride 2, each with ReLU, and a dense layer."""
    raw = (folder / "weights.safetensors").read_bytes()
    n_header = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + n_header])

    def values(name):
        start, end = (8 + n_header + offset for offset in header[name]["data_offsets"])
        return torch.from_numpy(np.frombuffer(raw[start:end], "<f4").reshape(header[name]["shape"]).copy())

    layers = []
    for number in range(1, 9):
        n_out, n_in, width = header[f"conv{number}.weight"]["shape"]
        layers += [nn.Conv1d(n_in, n_out, width, stride=2, padding=1), nn.ReLU()]
    n_classes, n_features = header["dense.weight"]["shape"]
    network = nn.Sequential(*layers, nn.Flatten(), nn.Linear(n_features, n_classes))
    names = [f"conv{number}" for number in range(1, 9)] + ["dense"]
    for name, layer in zip(names, (layer for layer in network if isinstance(layer, (nn.Conv1d, nn.Linear)))):
        layer.weight.data, layer.bias.data = values(f"{name}.weight"), values(f"{name}.bias")
    return network


def scaled(windows):
    """By the noise of each component: the quarter of the samples that is nearest to its mean."""
    centred = windows - windows.mean(dim=2, keepdim=True)
    noise = centred.abs().kthvalue(windows.shape[2] // 4 + 1, dim=2, keepdim=True).values / NOISE_QUARTILE
    return (centred / noise).asinh()


FLOOR = 1e-6


def features(windows, core_s):
    """Eight numbers of each window, as `src/method/features.rs` defines them."""
    lead, long = round(core_s[0] * RATE_HZ), round(core_s[1] * RATE_HZ)
    before, after, p, until = (round(seconds * RATE_HZ) for seconds in (4.0, 0.6, 1.0, 8.0))
    rows = windows[:, :, lead - before : long + until].double().sinh()
    sums = nn.functional.pad(rows.square().cumsum(2), (1, 0))

    def level(start, length):
        """Of the three components, each row from its own starts."""
        start = start.unsqueeze(1).expand(-1, 3, -1)
        energy = (sums.gather(2, start + length) - sums.gather(2, start)) / length
        return energy.clamp(min=FLOOR).log() / 2

    n = len(rows)
    times = torch.arange(before, before + long - lead, 2).expand(n, -1)
    second = (level(times, after) - level(times - before, before)).median(dim=1)
    best, at = second.values.max(dim=1)
    onset = times.gather(1, at[:, None])
    of_p = level(onset, p)
    rises = (of_p - level(onset - before, before))[:, :, 0]
    horizontal = of_p[:, :2, 0].amax(1)
    later = level(onset + torch.arange(p, until - p, 5), p)[:, :2].amax((1, 2))
    some = lambda start, length: rows.gather(2, (onset + torch.arange(start, length)).unsqueeze(1).expand(-1, 3, -1))
    of_three = some(0, p)
    values = torch.linalg.eigvalsh(of_three @ of_three.transpose(1, 2) / p)
    along = 1 - values[:, :2].sum(1) / (2 * values[:, 2]).clamp(min=FLOOR)
    signs = some(0, 2 * p)[:, 2] < 0
    crossings_hz = (signs[:, 1:] != signs[:, :-1]).sum(1) / 2 * RATE_HZ / (2 * p)
    vertical = some(-before, p)[:, 2]
    second_moment, fourth = (vertical.pow(k).mean(1) for k in (2, 4))
    kurtosis = (fourth / second_moment.square().clamp(min=FLOOR**2)).log()
    columns = (rises[:, 2], rises[:, :2].amax(1), best, of_p[:, 2, 0] - horizontal, along, crossings_hz, kurtosis, later - horizontal)
    return torch.stack(columns, 1)


def main():
    archive, model, hop_s, day, out = sys.argv[1:]
    torch.set_num_threads(1)
    # Weight decay leaves subnormal weights, with which products take many times as long.
    torch.set_flush_denormal(True)
    about = tomllib.loads((Path(model) / "detector.toml").read_text())
    study = about["study"]
    n, hop, threshold = study["window"]["n_samples"], round(float(hop_s) * RATE_HZ), about["threshold"]
    lead_s, core_s, smooth_s = study["method"]["lead_s"], study["method"]["core_s"], study["method"]["smooth_s"]
    network = read_network(Path(model))
    mean, deviation, weights = (torch.tensor(about["regression"][name]).double() for name in ("mean", "deviation", "weights"))

    day = date.fromisoformat(day)
    files = sorted(Path(archive).glob(f"{day.year}/XX/S000/*/*.{day.timetuple().tm_yday:03}"))
    stream = sum((obspy.read(file) for file in files), obspy.Stream()).sort(["channel"])
    stream.detrend("demean")
    stream.decimate(round(stream[0].stats.sampling_rate / RATE_HZ))
    stream.filter("bandpass", freqmin=BAND_HZ[0], freqmax=BAND_HZ[1], corners=ORDER)
    record = torch.from_numpy(np.stack([trace.data for trace in stream]).astype("f4"))
    start = stream[0].stats.starttime

    with torch.inference_mode():
        odds = []
        for some in record.unfold(1, n, hop).split(N_BATCH, dim=1):
            windows = scaled(some.transpose(0, 1))
            event, noise = network(windows).double().T
            of_features = (features(windows, (lead_s, lead_s + core_s)) - mean) / deviation @ weights
            odds.append(event - noise + of_features + about["regression"]["constant"])
    odds = torch.cat(odds).numpy()
    n_beside = int(smooth_s * RATE_HZ / hop)
    weights = np.ones(2 * n_beside + 1)
    mean = np.convolve(odds, weights, "same") / np.convolve(np.ones_like(odds), weights, "same")
    probabilities = 1 / (1 + np.exp(-mean))

    # Above the threshold an event begins, which lasts while it has half the odds; cores that overlap are one event.
    off, join = threshold / (2 - threshold), round(core_s * RATE_HZ / hop)
    starts, end = [], -np.inf
    is_on = False
    for i, p in enumerate(probabilities):
        if p >= (off if is_on else threshold):
            if not is_on and i > end + join:
                starts.append(start + i * hop / RATE_HZ + lead_s)
            is_on, end = True, i
        else:
            is_on = False
    Path(out).write_text("start\n" + "".join(f"{time}\n" for time in starts))


if __name__ == "__main__":
    main()
