from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Say anew which texts deviate, of what is still to be decided on.

    Free clauses, headings, struck-through words and preambles did not count.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    contracts = env["crm.contract"].with_context(active_test=False)
    contracts = contracts.search([("state", "in", ("draft", "review"))])
    for records, name in (
        (contracts.clause_ids, "is_deviating"),
        (contracts, "deviating_count"),
    ):
        env.add_to_compute(records._fields[name], records)
    env.flush_all()
