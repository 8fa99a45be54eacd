"""Signature and proof of contracts."""

import signature_portal
import signature_seal
import signature_sending
import signature_verify

ROUNDS = 3
PARTS = (signature_verify, signature_seal, signature_sending, signature_portal)
TITLES = {name: title for part in PARTS for name, title in part.TITLES.items()}
STAGES = {
    "verify": signature_verify.measure_verify,
    "seal": signature_seal.measure_seal,
    "sending": signature_sending.measure_sending,
    # The last one: it commits.
    "portal": signature_portal.measure_portal,
}
