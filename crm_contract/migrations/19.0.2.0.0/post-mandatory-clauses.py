def migrate(cr, version):
    """Give the mandatory clauses of the types a table of their own.

    They shared one with the types that may use a clause, so that a row said both; it
    goes on saying both, until somebody changes one of them.
    """
    cr.execute(
        """
        INSERT INTO crm_contract_type_mandatory_clause_rel
                    (crm_contract_type_id, crm_contract_clause_template_id)
             SELECT crm_contract_type_id, crm_contract_clause_template_id
               FROM crm_contract_clause_template_crm_contract_type_rel
        ON CONFLICT DO NOTHING
        """
    )
