"""Retraining: examples in the form of M3-AD-FT, the run folder, RAWS, RCRL, a finished run's way into the store."""
