"""Delegations that were in use stay in force, answered as they were: not at all."""


def migrate(cr, version):
    cr.execute(
        """
        UPDATE crm_contract_approval_delegation
           SET answer = 'accepted', date_answered = create_date,
               effect = CASE WHEN date_to < CURRENT_DATE THEN 'ended' END
         WHERE answer IS NULL
        """
    )
