from odoo.tools.sql import column_exists

CODE = {
    "model._cron_advance()": 'env["crm.contract.schedule"]._run()',
    "model._cron_bill()": 'env["crm.contract.billing"]._run()',
}


def migrate(cr, version):
    """Jobs call the new places; what the billing run set aside is a failure of a job."""
    for old, new in CODE.items():
        # Workers of the billing run that were added in the settings, too.
        cr.execute(
            """
            UPDATE ir_act_server SET code = %s
             WHERE code = %s
               AND model_id = (SELECT id FROM ir_model WHERE model = 'crm.contract')
            """,
            [new, old],
        )
    if column_exists(cr, "crm_contract", "billing_error"):
        _move_failures(cr)


def _move_failures(cr):
    cr.execute(
        """
        INSERT INTO crm_contract_job_failure (
            job, res_model, res_id, contract_id, company_id, reason,
            date_first, date_last, date_next, tries, activity_id,
            create_uid, create_date, write_uid, write_date
        )
        SELECT 'bill', 'crm.contract', c.id, c.id, c.company_id, c.billing_error,
               d.day, d.day, d.day + 1, 1, a.id,
               1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
          FROM crm_contract c
         CROSS JOIN LATERAL (
               SELECT coalesce(c.date_billing_error, current_date) AS day
          ) d
          LEFT JOIN LATERAL (
               SELECT activity.id
                 FROM mail_activity activity
                 JOIN ir_model_data data
                   ON data.model = 'mail.activity.type'
                  AND data.module = 'mail'
                  AND data.name = 'mail_activity_data_warning'
                  AND data.res_id = activity.activity_type_id
                WHERE activity.res_model = 'crm.contract'
                  AND activity.res_id = c.id
                  AND activity.automated
                  AND activity.active
                ORDER BY activity.id DESC
                LIMIT 1
          ) a ON TRUE
         WHERE c.billing_error IS NOT NULL
        ON CONFLICT DO NOTHING
        """
    )
