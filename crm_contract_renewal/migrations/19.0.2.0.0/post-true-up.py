def migrate(cr, version):
    """Let drafts of amendments say what was so until now: billed days stay."""
    cr.execute(
        """
        UPDATE crm_contract
           SET billed_days = 'next'
         WHERE kind = 'amendment' AND state = 'draft' AND billed_days IS NULL
        """
    )
