"""SeisBench's own picks and curves of twelve hours of CX.PB01, for tests/pick.rs: `pick_picks.csv`, `pick_curves.csv`.

    pip install seisbench==0.12.6 && python tests/reference/pick.py ../shared/data

Curves: the probabilities of P and S at every 4999th sample of the whole record.
"""

import sys
import time
from pathlib import Path

import obspy
import seisbench.models as models
import torch

data, here = Path(sys.argv[1]), Path(__file__)
model = models.PhaseNetLight.load(data / "seisbench/phasenetlight/ethz", version_str="2")
stream = obspy.Stream()
for file in sorted((data / "iquique/sds").glob("2014/CX/PB01/HH?.D/*")):
    stream += obspy.read(file)
began = time.perf_counter()
annotations = model.annotate(stream)
print(f"annotate: {time.perf_counter() - began:.2f} s, {torch.get_num_threads()} threads")
began = time.perf_counter()
picks = model.classify(stream).picks
print(f"classify: {time.perf_counter() - began:.2f} s, {len(picks)} picks")

rows = ["phase,time,start,end,probability"]
for pick in picks:
    rows.append(f"{pick.phase},{pick.peak_time},{pick.start_time},{pick.end_time},{pick.peak_value:.7f}")
here.with_name("pick_picks.csv").write_text("\n".join(rows) + "\n")
p, s = (annotations.select(channel=f"PhaseNetLight_{phase}")[0] for phase in "PS")
print(p, s)
rows = ["sample,p,s"]
rows += [f"{i},{p.data[i]:.8f},{s.data[i]:.8f}" for i in range(0, len(p.data), 4999)]
here.with_name("pick_curves.csv").write_text("\n".join(rows) + "\n")
