"""Reads QuakeML with ObsPy and writes it again, with an amplitude's pick in each event: picks_obspy.py IN OUT"""

import sys
import warnings

from obspy import read_events
from obspy.core.event import Pick, WaveformStreamID

# What ObsPy leaves out it only warns of.
warnings.simplefilter("error", UserWarning)
catalog = read_events(sys.argv[1], format="QUAKEML")
for event in catalog:
    first = event.picks[0]
    event.picks.append(Pick(time=first.time, phase_hint="IAML", waveform_id=WaveformStreamID(seed_string="XX.S0..HHN")))
catalog.write(sys.argv[2], format="QUAKEML")
