"""Reference travel times for tests/travel.rs, by two methods that are not the library's.

1. Fermat's principle: the time of a broken line through the layers, minimised over the points
   where it crosses the interfaces (scipy), for direct, converted and refracted rays.
2. ObsPy's TauP on the same model on a sphere: first P and S arrivals.

    pip install obspy==1.5.1 scipy
    python tests/reference/travel_times.py > tests/reference/travel_times.csv
"""

import itertools
import tempfile
from pathlib import Path

import numpy as np
from obspy.geodetics import kilometers2degrees
from obspy.taup import TauPyModel
from obspy.taup.taup_create import build_taup_model
from scipy.optimize import minimize

# Herrmann, Benz & Ammon (2011): thickness, vp, vs, density, Qp, Qs.
LAYERS = [
    (1.0, 5.00, 2.89, 2.50, 581.0, 258.0),
    (9.0, 6.10, 3.52, 2.73, 625.0, 275.5),
    (10.0, 6.40, 3.70, 2.82, 671.1, 275.5),
    (20.0, 6.70, 3.87, 2.90, 671.1, 297.6),
    (700.0, 8.15, 4.70, 3.36, 515.4, 232.0),
]
TOPS = [0.0, 1.0, 10.0, 20.0, 40.0]
DISTANCES = [0.5, 5.0, 11.0, 24.0, 60.0, 150.0]
DEPTHS = [2.0, 5.0, 7.0, 12.0]


def speed(layer, wave):
    return LAYERS[layer][1 if wave == "P" else 2]


def broken_line(legs, along, distance):
    """Least time through legs of (height, speed), with a stretch of speed `along` (or none)."""
    heights, speeds = np.array(legs).T

    def time(offsets):
        if along is None:
            rest = distance - offsets.sum()
            x = np.append(offsets, rest)
            return (np.hypot(x, heights) / speeds).sum()
        rest = abs(distance - offsets.sum())
        return (np.hypot(offsets, heights) / speeds).sum() + rest / along

    n = len(legs) - (along is None)
    if n == 0:
        return time(np.array([]))
    start = distance * heights[:n] / heights.sum()
    best = minimize(time, start, method="BFGS", options={"gtol": 1e-10})
    return minimize(time, best.x, method="Nelder-Mead",
                    options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 20000, "maxfev": 20000}).fun


def legs_between(top, bottom, phase):
    legs = []
    for layer, layer_top in enumerate(TOPS):
        layer_bottom = TOPS[layer + 1] if layer + 1 < len(TOPS) else 1e9
        height = min(bottom, layer_bottom) - max(top, layer_top)
        if height > 0:
            wave = {"Sp": "PS", "Ps": "SP"}.get(phase, phase * 2)[min(layer, 1)]
            legs.append((height, speed(layer, wave)))
    return legs


def fermat(phase, depth, distance):
    times = [broken_line(legs_between(0, depth, phase), None, distance)]
    if len(phase) == 1:
        for layer in range(1, len(LAYERS)):
            if TOPS[layer] >= depth:
                legs = legs_between(0, TOPS[layer], phase) + legs_between(depth, TOPS[layer], phase)
                times.append(broken_line(legs, speed(layer, phase), distance))
    return min(times)


def taup_model():
    rows = []
    for layer, (thickness, vp, vs, rho, qp, qs) in enumerate(LAYERS[:-1]):
        for depth in (TOPS[layer], TOPS[layer + 1]):
            rows.append(f"{depth} {vp} {vs} {rho} {qp} {qs}")
    rows.append("mantle")
    vp, vs, rho, qp, qs = LAYERS[-1][1:]
    rows += [f"{d} {vp} {vs} {rho} {qp} {qs}" for d in (40.0, 2889.0)]
    rows += ["outer-core", "2889 8.0 0 9.9 57822 0", "5153.9 10.3 0 12.2 57822 0"]
    rows += ["inner-core", "5153.9 11.0 3.5 12.7 633 85", "6371 11.2 3.6 13.0 633 85"]
    folder = Path(tempfile.mkdtemp())
    (folder / "cus.nd").write_text("\n".join(rows) + "\n")
    build_taup_model(str(folder / "cus.nd"), output_folder=str(folder), verbose=False)
    return TauPyModel(str(folder / "cus.npz"))


if __name__ == "__main__":
    print("method,phase,depth_km,distance_km,time_s,ray_parameter_s_km,takeoff_deg,incidence_deg")
    for phase, depth, distance in itertools.product(["P", "S", "Sp", "Ps"], DEPTHS, DISTANCES):
        print(f"fermat,{phase},{depth},{distance},{fermat(phase, depth, distance):.6f},,,")
    model = taup_model()
    for phase, depth, distance in itertools.product(["P", "S"], DEPTHS[:3], DISTANCES[1:5]):
        names = [phase.lower(), phase, phase + "n"]
        first = model.get_travel_times(depth, kilometers2degrees(distance), phase_list=names)[0]
        print(f"taup,{phase},{depth},{distance},{first.time:.4f},{first.ray_param / 6371.0:.6f},"
              f"{first.takeoff_angle:.3f},{first.incident_angle:.3f}")
