"""Sealing PDFs and looking at seals; a part of `bench_signature.py`."""

import io
import statistics
import time

from measure import Figure, Side

FILES = 40
PAGES = 8
LIMIT = 0.150
PER_SECOND = 80
TITLES = {
    "signature.seal": f"seconds to seal one PDF of {PAGES} pages, EC P-256",
    "signature.seal_read": f"seconds to look at {PER_SECOND} seals",
}


def measure_seal(rounds):
    """One seal with a key in memory; its reading, against only hashing the files."""
    from odoo.addons.crm_contract.tools import seal, seal_key
    from odoo.addons.crm_contract.tools.canonical import file_hash

    key = seal_key.load_key(
        seal_key.make_key("Benchmark", "password", 365), b"password"
    )
    final = seal.add_pages(_make_pdf(PAGES), _make_pdf(3))
    # The first one imports the library, once in the life of a server.
    sealed = seal.seal(final, key, "Benchmark")[0]
    sealing = _time("seal", rounds * 5, lambda: seal.seal(final, key, "Benchmark"))
    adding = _time("hash alone", rounds * 5, lambda: file_hash(final))

    def read():
        for _number in range(FILES):
            if not seal.read_seal(sealed).is_whole:
                raise AssertionError("The seal does not hold.")

    def digest():
        for _number in range(FILES):
            file_hash(sealed)

    reading, hashing = _time("job", rounds, read), _time("hash alone", rounds, digest)
    return [
        Figure("signature.seal", sealing.seconds, LIMIT, sealing, adding),
        Figure(
            "signature.seal_read",
            reading.seconds * PER_SECOND / FILES,
            1.0,
            reading,
            hashing,
        ),
    ]


def _time(label, rounds, action):
    """Return what an action takes of a core (median of the rounds)."""
    runs = []
    for _round in range(rounds):
        start = time.process_time()
        action()
        runs.append(time.process_time() - start)
    return Side(label, statistics.median(runs), runs=tuple(runs))


def _make_pdf(pages):
    """Return a PDF of about 30 kB a page, as contracts in Chinese have (bytes)."""
    import os

    from reportlab.pdfgen.canvas import Canvas

    result = io.BytesIO()
    canvas = Canvas(result)
    for number in range(pages):
        for line in range(45):
            canvas.drawString(
                72, 780 - 16 * line, f"{number} {line} {os.urandom(40).hex()}"
            )
        canvas.drawString(72, 40, os.urandom(12_000).hex())
        canvas.showPage()
    canvas.save()
    return result.getvalue()
