"""A fuzzer of all that a client may call: see `test_fuzz.py`."""
