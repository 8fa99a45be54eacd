CODE = {
    "model._cron_ladder()": 'env["crm.contract.reminder"]._run()',
    "model._cron_renew()": 'env["crm.contract.renewal.schedule"]._run()',
    "model._cron_digest()": 'env["crm.contract.digest"]._run()',
    "model._cron_log_mrr()": 'env["crm.contract.mrr.schedule"]._run()',
}


def migrate(cr, version):
    """Jobs call the new places."""
    for old, new in CODE.items():
        cr.execute(
            """
            UPDATE ir_act_server SET code = %s
             WHERE code = %s
               AND model_id = (SELECT id FROM ir_model WHERE model = 'crm.contract')
            """,
            [new, old],
        )
