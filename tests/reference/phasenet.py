"""SeisBench's own answers, for the tests of PhaseNet: `phasenet.csv`.

    pip install seisbench==0.12.6 && python tests/reference/phasenet.py

Number j of the tensor NAME is that of `number`, so no weights need be kept; the window is `window`. A row of the table is a
network and a sample, with the probabilities of the three classes, computed in double precision.
"""

from pathlib import Path

import numpy as np
import torch
from seisbench.models import PhaseNet, PhaseNetLight

N_SAMPLES = 3001


def number(name, j):
    """From -1 to 1, another for each tensor and place."""
    seed = sum((i + 1) * byte for i, byte in enumerate(name.encode()))
    return np.sin(0.7 * j + seed)


def fill(model):
    state = model.state_dict()
    for name, tensor in state.items():
        values = number(name, np.arange(tensor.numel(), dtype=np.float64))
        if name.endswith("running_var"):
            values = 1.1 + values
        elif name.endswith(("running_mean", "bias")):
            values = 0.1 * values
        elif tensor.ndim == 1:  # the factor of a normalisation
            values = 1.0 + 0.3 * values
        elif tensor.ndim == 3:
            values = values * 1.2 / np.sqrt(tensor.shape[1] * tensor.shape[2])
        else:
            continue  # a count of batches
        state[name] = torch.tensor(values.reshape(tensor.shape), dtype=torch.float32)
    model.load_state_dict(state)
    return model.eval()


def window():
    t = np.arange(N_SAMPLES)
    rows = [np.sin(t * (0.05 + 0.11 * c)) * np.exp(-(((t - 1000 - 500 * c) / 400) ** 2)) + 0.2 * np.cos(0.013 * t) for c in range(3)]
    return torch.tensor(np.array([rows]), dtype=torch.float32)


rows = ["network,sample,first,second,third"]
for name, model in [
    ("PhaseNet", PhaseNet()),
    ("PhaseNet of twice as many rows", PhaseNet(filter_factor=2)),
    ("PhaseNetLight", PhaseNetLight()),
]:
    with torch.no_grad():
        single = fill(model)(window())[0].numpy().astype(np.float64)
        p = model.double()(window().double())[0].numpy()
    for i in [*range(0, N_SAMPLES, 50), 1, 2, 3, N_SAMPLES - 2, N_SAMPLES - 3]:
        rows.append(f"{name},{i},{p[0, i]:.8f},{p[1, i]:.8f},{p[2, i]:.8f}")
    print(name, sum(w.numel() for w in model.parameters()), "parameters; spread", p.std(axis=1), "; in single precision other by", abs(single - p).max())
Path(__file__).with_suffix(".csv").write_text("\n".join(rows) + "\n")
