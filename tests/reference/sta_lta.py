"""Known answers for tests/detect.rs: STA/LTA ratios by ObsPy (tried with 1.5.1)."""

import numpy as np
from obspy.signal.trigger import classic_sta_lta, recursive_sta_lta

# Noise of a small generator that Rust repeats exactly, and a pulse.
state, samples = 1, []
for i in range(200):
    state = (1103515245 * state + 12345) % 2**31
    samples.append(state / 2**31 - 0.5 + (4.0 * np.sin(i) if 120 <= i < 140 else 0.0))
samples = np.array(samples)

for ratio in (classic_sta_lta, recursive_sta_lta):
    values = ratio(samples, 5, 50)
    print(ratio.__name__, [float(f"{values[i]:.6f}") for i in (0, 48, 49, 50, 100, 125, 145, 199)])
