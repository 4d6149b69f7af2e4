"""Answers of ObsPy and PyWavelets for tests/classical.rs.

    python classical.py

ObsPy 1.4 (obspy.signal.trigger, obspy.signal.cross_correlation) and NumPy; PyWavelets where it is
installed.
"""

import numpy as np
from obspy.signal.cross_correlation import correlate_template
from obspy.signal.trigger import classic_sta_lta, recursive_sta_lta, trigger_onset


def noise(n):
    """The generator that the test has too, from -0.5 to 0.5."""
    state, values = 1, []
    for _ in range(n):
        state = (1103515245 * state + 12345) % 2**31
        values.append(state / 2**31 - 0.5)
    return np.array(values, dtype=np.float32)


samples = noise(4000)
samples[1500:1560] *= 6
samples[1900:1930] *= 3
samples[3990:] *= 9
for name, ratio in [
    ("recursive", recursive_sta_lta(samples.astype(float), 10, 200)),
    ("classic", classic_sta_lta(samples.astype(float), 10, 200)),
]:
    print(name, trigger_onset(ratio, 2.5, 1.2).tolist(), f"{ratio.max():.5f}")

samples = noise(3000)
template = samples[1200:1450].copy()
samples[2000:2250] += 0.5 * template
samples[2500:2700] = 0.25
coefficients = correlate_template(samples, template, mode="valid", normalize="full", demean=True)
places = [0, 700, 1199, 1200, 1201, 1999, 2000, 2300, 2600, 2750]
print("correlation", len(coefficients), [float(f"{coefficients[p]:.7f}") for p in places])

try:
    import pywt

    image = noise(32).reshape(4, 8)
    (a, *details) = pywt.wavedec2(image, "haar")
    out = a
    for across, down, both in [(v, h, d) for h, v, d in details]:
        out = np.block([[out, across], [down, both]])
    print("haar", [float(f"{y:.6f}") for y in out.ravel()])
except ImportError:
    print("PyWavelets is not installed")
