"""Signature and proof of contracts."""

import signature_verify

ROUNDS = 3
TITLES = {**signature_verify.TITLES}
STAGES = {"verify": signature_verify.measure_verify}
