def migrate(cr, version):
    """Let contracts of the types there are end as they would have ended.

    Days of grace are for types that are made from now on, and for those whose people
    want them: an upgrade lets nothing go on by itself.
    """
    cr.execute("ALTER TABLE crm_contract_type ADD COLUMN IF NOT EXISTS grace_days int4")
    cr.execute("UPDATE crm_contract_type SET grace_days = 0 WHERE grace_days IS NULL")
