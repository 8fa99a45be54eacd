CODE = {
    "model._cron_ladder()": 'env["crm.contract.reminder"]._run()',
    "model._cron_renew()": 'env["crm.contract.renewal.schedule"]._run()',
    "model._cron_digest()": 'env["crm.contract.digest"]._run()',
    "model._cron_log_mrr()": 'env["crm.contract.mrr.schedule"]._run()',
}


def migrate(cr, version):
    """Jobs call the new places; what still fails is told of by the next run."""
    for old, new in CODE.items():
        cr.execute(
            """
            UPDATE ir_act_server SET code = %s
             WHERE code = %s
               AND model_id = (SELECT id FROM ir_model WHERE model = 'crm.contract')
            """,
            [new, old],
        )
    cr.execute(
        """
        DELETE FROM mail_activity activity
         USING ir_model_data data
         WHERE data.model = 'mail.activity.type'
           AND data.module = 'crm_contract_renewal'
           AND data.name = 'mail_activity_type_failed'
           AND data.res_id = activity.activity_type_id
           AND activity.automated
           AND activity.active
        """
    )
