//! (waveform)
