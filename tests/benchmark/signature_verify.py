"""Verifying what is stored of contracts; a part of `bench_signature.py`."""

import os
import statistics
import time

import measure
from measure import Figure, Side

FILES = 2000
SIZE = 100_000
# Files of 100 kB that one core verifies in a second, at least.
PER_SECOND = 1000
# Contracts whose chains are looked at, and their events.
CONTRACTS, EVENTS = 200, 12
TITLES = {
    "signature.verify_files": f"seconds of a core for {PER_SECOND:,} files of {SIZE // 1000} kB",
    "signature.verify_files_queries": f"queries for {FILES:,} files, by batches of 50",
    "signature.verify_chain": "queries for 200 chains, as for 50",
}


def measure_verify(rounds):
    """The job that reads all files, against only hashing as many bytes in memory."""
    from odoo.addons.crm_contract.models.health.crm_contract_health_job import CHUNK
    from odoo.addons.crm_contract.tools.canonical import file_hash

    measure.settle()
    with measure.environment() as env:
        contract = _create_contracts(env, 1)
        documents = _create_documents(env, contract)
        health = env["crm.contract.health"].sudo()
        scans = {scan.name: scan for scan in health._get_scans()}

        def verify():
            for start in range(0, len(documents), CHUNK):
                chunk = documents[start : start + CHUNK]
                if health._scan(scans["document_files"], chunk):
                    raise AssertionError("A file is not what was stored.")
                env.invalidate_all()

        data = os.urandom(SIZE)

        def digest():
            for _number in range(FILES):
                file_hash(data)

        sides = measure.compare(env, rounds, {"job": verify, "hash alone": digest})
        seconds = min(_cpu_seconds(env, verify) for _round in range(rounds))
    job, alone = sides["job"], sides["hash alone"]
    return [
        Figure("signature.verify_files", seconds * PER_SECOND / FILES, 1.0, job, alone),
        Figure(
            "signature.verify_files_queries",
            job.queries,
            # A batch: the documents, their files, what is known of them.
            6 * FILES / CHUNK,
            job,
            alone,
        ),
        *_measure_chains(rounds),
    ]


def _cpu_seconds(env, action):
    """Return the seconds of a core that an action takes, whatever else the machine does.

    What the database does is not among them: three queries a batch.
    """
    with measure.undone(env):
        env.invalidate_all()
        start = time.process_time()
        action()
        return time.process_time() - start


def _measure_chains(rounds):
    """Chains of many contracts take the queries of few."""
    measure.settle()
    with measure.environment() as env:
        contracts = _create_contracts(env, CONTRACTS)
        evidence = env["crm.contract.evidence"]
        sides = []
        for number in (CONTRACTS // 4, CONTRACTS):
            some = contracts[:number]
            runs = []
            for _round in range(rounds + 1):
                runs.append(measure.once(env, lambda some=some: _judge(evidence, some)))
            seconds = tuple(seconds for seconds, _queries in runs[1:])
            queries = max(queries for _seconds, queries in runs[1:])
            label = f"{number} chains of {EVENTS} events"
            sides.append(Side(label, statistics.median(seconds), queries, runs=seconds))
    few, many = sides
    # What is read in parts of a thousand rows.
    parts = EVENTS * CONTRACTS / 1000
    bar = few.queries + parts
    return [Figure("signature.verify_chain", many.queries, bar, many, few)]


def _judge(evidence, contracts):
    if any(evidence._get_broken(contracts).values()):
        raise AssertionError("A chain is broken that nobody touched.")


def _create_contracts(env, number):
    """Return contracts that were submitted, without their printed texts."""
    contract_type = env["crm.contract.type"].create(
        {"name": "Signature", "code": "SIG", "duration": 12, "notice_period": 1}
    )
    partner = env["res.partner"].create({"name": "Customer", "lang": "en_US"})
    contracts = env["crm.contract"].create(
        [
            {
                "name": f"Contract {index}",
                "type_id": contract_type.id,
                "partner_id": partner.id,
            }
            for index in range(number)
        ]
    )
    # sudo: owned by the life cycle, which would print every contract
    for contract in contracts.sudo():
        contract._set_number()
    versions = env["crm.contract.version"]._freeze(contracts)
    for contract, version in zip(contracts.sudo(), versions, strict=True):
        contract.write({"state": "to_sign", "version_id": version.id})
    kinds = ["submitted", *["mailed"] * (EVENTS - 1)]
    env["crm.contract.event"]._add_many(
        [
            (contract, kind, {"index": index}, None, None)
            for contract in contracts
            for index, kind in enumerate(kinds)
        ]
    )
    env.flush_all()
    return contracts


def _create_documents(env, contract):
    store = env["crm.contract.document"]
    documents = store.sudo()
    for number in range(FILES):
        documents += store._put(contract, "signed", f"{number}.pdf", os.urandom(SIZE))
        if not number % 100:
            env.flush_all()
            env.invalidate_all()
    env.flush_all()
    return documents
