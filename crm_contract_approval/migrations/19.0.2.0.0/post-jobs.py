CODE = {
    "_cron_notify": '_run("approval_deputies", "approval_notify")',
    "_cron_remind": '_run("approval_escalate", "approval_remind")',
}


def migrate(cr, version):
    """Jobs call the new places."""
    for old, new in CODE.items():
        cr.execute(
            """
            UPDATE ir_act_server SET code = %s
             WHERE code = %s
               AND model_id = (SELECT id FROM ir_model
                                WHERE model = 'crm.contract.approval.task')
            """,
            [f'env["crm.contract.approval.reminder"].{new}', f"model.{old}()"],
        )
