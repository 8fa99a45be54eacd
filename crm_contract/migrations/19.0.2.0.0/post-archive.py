def migrate(cr, version):
    """Contracts in force get their file in the archive, to be filed without a day.

    Those that are over have none until somebody files them: nobody is to be told of all
    that ever ended.
    """
    cr.execute(
        """
        INSERT INTO crm_contract_archive (
            contract_id, company_id, partner_id, type_id, state, retention,
            originals, originals_out, create_uid, create_date, write_uid, write_date
        )
        SELECT c.id, c.company_id, c.commercial_partner_id, c.type_id, 'to_file',
               COALESCE(t.retention, '10'), 0, 0,
               1, now() AT TIME ZONE 'UTC', 1, now() AT TIME ZONE 'UTC'
          FROM crm_contract c
          JOIN crm_contract_type t ON t.id = c.type_id
         WHERE c.date_signed IS NOT NULL
           AND c.state NOT IN (
               'draft', 'review', 'to_sign', 'ended', 'cancelled', 'superseded'
           )
        ON CONFLICT DO NOTHING
        """
    )
