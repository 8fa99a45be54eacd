def migrate(cr, version):
    """What is agreed of contracts in force is owed: each milestone gets its obligation.

    Those that are done were done on that day. Of what is late somebody is told, once.
    """
    cr.execute(
        """
        UPDATE crm_contract_milestone
           SET trigger = COALESCE(trigger, 'date'),
               days_kind = COALESCE(days_kind, 'calendar'),
               recurrence_unit = COALESCE(recurrence_unit, 'month'),
               recurrence_interval = COALESCE(recurrence_interval, 0),
               trigger_days = COALESCE(trigger_days, 0),
               weight = COALESCE(weight, 1)
        """
    )
    cr.execute(
        """
        UPDATE crm_contract_template_milestone
           SET trigger = COALESCE(trigger, 'date'),
               days_kind = COALESCE(days_kind, 'calendar'),
               recurrence_unit = COALESCE(recurrence_unit, 'month'),
               recurrence_interval = COALESCE(recurrence_interval, 0),
               trigger_days = COALESCE(trigger_days, 0),
               weight = COALESCE(weight, 1)
        """
    )
    cr.execute(
        """
        INSERT INTO crm_contract_obligation (
            contract_id, milestone_id, company_id, partner_id, number, name,
            description, side, needs_acceptance, weight, user_id, date_due, progress,
            state, date_done, is_complete, level, date_reminder,
            create_uid, create_date, write_uid, write_date
        )
        SELECT m.contract_id, m.id, c.company_id, c.partner_id, 1, m.name,
               m.description, CASE m.party WHEN 'us' THEN 'ours' ELSE 'theirs' END,
               FALSE, 1, m.user_id, m.date_deadline,
               CASE WHEN m.date_done IS NULL THEN 0 ELSE 100 END,
               CASE WHEN m.date_done IS NULL THEN 'open' ELSE 'done' END,
               m.date_done, m.date_done IS NOT NULL,
               -- Who is responsible was reminded when the contract was signed.
               CASE WHEN m.user_id IS NULL THEN 0 ELSE 1 END,
               CASE WHEN m.date_done IS NULL AND c.state <> 'ended'
                    THEN m.date_deadline + 1 END,
               1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
          FROM crm_contract_milestone m
          JOIN crm_contract c ON c.id = m.contract_id
         WHERE c.state IN ('signed', 'running', 'suspended', 'ended')
           AND c.kind IN ('contract', 'renewal')
        ON CONFLICT DO NOTHING
        """
    )
    # Who was told to see to a milestone sees to its obligation.
    cr.execute(
        """
        UPDATE mail_activity a
           SET res_model = 'crm.contract.obligation',
               res_model_id = (
                   SELECT id FROM ir_model WHERE model = 'crm.contract.obligation'
               ),
               res_id = o.id
          FROM crm_contract_obligation o
         WHERE a.res_model = 'crm.contract.milestone' AND a.res_id = o.milestone_id
        """
    )
