"""Known answers for quakebook::magnitude: wood_anderson.csv, by ObsPy's simulation.

    python tests/reference/wood_anderson.py > tests/reference/wood_anderson.csv

The record is drawn by the formula below, which tests/magnitude.rs repeats. Columns: the record in counts, and in nanometres what a
Wood-Anderson seismograph that magnifies once draws of it, without and with a band.
"""

import numpy as np
from obspy.signal.invsim import simulate_seismometer

RATE, N = 100.0, 1500
# A Trillium 120's poles and zeros for velocity, and one more zero for displacement.
SENSOR = {
    "zeros": [0j, 0j, 0j, -90 + 0j, -160.7 + 0j, -3108 + 0j],
    "poles": [-0.03852 - 0.03658j, -0.03852 + 0.03658j, -178 + 0j, -135 - 160j, -135 + 160j, -671 - 1154j, -671 + 1154j],
    "gain": 308000.0,
    "sensitivity": 1.2e9,
}
WOOD_ANDERSON = {
    "zeros": [0j, 0j],
    "poles": [-5.49779 - 5.60886j, -5.49779 + 5.60886j],
    "gain": 1.0,
    "sensitivity": 1.0,
}

t = np.arange(N) / RATE
record = np.round(
    200 + 4000 * np.exp(-((t - 5) ** 2)) * np.sin(2 * np.pi * 3 * t) + 9000 * np.exp(-((t - 8) ** 2) / 2) * np.sin(2 * np.pi * 1.3 * t)
)
drawn = [
    simulate_seismometer(
        record,
        RATE,
        paz_remove=SENSOR,
        paz_simulate=WOOD_ANDERSON,
        water_level=60,
        zero_mean=True,
        taper=True,
        taper_fraction=0.05,
        pre_filt=band,
        pitsasim=False,
        sacsim=False,
    )
    for band in (None, (0.5, 1.0, 20.0, 40.0))
]
print("counts,nm,nm_band")
for counts, all_of_it, band in zip(record, *drawn):
    print(f"{counts:.0f},{1e9 * all_of_it:.9g},{1e9 * band:.9g}")
