"""Contracts that are older than the chain of events begin it with what is known."""

from odoo import SUPERUSER_ID, api

CHUNK = 500


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {"active_test": False})
    cr.execute(
        """
        SELECT c.id FROM crm_contract c
         WHERE (c.number IS NOT NULL
                OR EXISTS (SELECT FROM crm_contract_version v
                            WHERE v.contract_id = c.id))
           AND NOT EXISTS (SELECT FROM crm_contract_event e
                            WHERE e.contract_id = c.id)
      ORDER BY c.id
        """
    )
    ids = [contract_id for (contract_id,) in cr.fetchall()]
    for start in range(0, len(ids), CHUNK):
        contracts = env["crm.contract"].browse(ids[start : start + CHUNK])
        env["crm.contract.event"]._add_imported(contracts)
        env.flush_all()
        env.invalidate_all()
