"""Prints ObsPy's rotate2zne of (1, 2, 3) for several orientations, a row each: azimuth and dip of the
three components, then Z, N and E. Needs ObsPy: python tests/reference/rotate.py > tests/reference/rotate.txt
"""

import numpy as np
from obspy.signal.rotate import rotate2zne

for directions in [
    (0, 0, 90, 0, 0, -90),
    (12, 0, 102, 0, 0, -90),
    (347.5, 0, 77.5, 0, 0, -90),
    (12, 0, 100, 0, 0, -90),
    (0, 0, 90, 0, 0, 90),
    (0, -35.2644, 120, -35.2644, 240, -35.2644),
    (30, 10, 135, -5, 250, -80),
    (200, 3.5, 291, -1.25, 17, 88),
]:
    data = [np.array([x]) for x in (1.0, 2.0, 3.0)]
    arguments = [x for i in range(3) for x in (data[i], directions[2 * i], directions[2 * i + 1])]
    zne = rotate2zne(*arguments)
    print(*directions, *(f"{component[0]:.9f}" for component in zne))
