"""One file per change of the schema, `v<number>_<what>.py`; never edited after a release."""
