def migrate(cr, version):
    """Keep the example texts of a company that has them.

    The files that install them are loaded on demand now; Odoo deletes records whose
    file is gone unless they are marked as the company's own.
    """
    cr.execute(
        """
        UPDATE ir_model_data
           SET noupdate = TRUE
         WHERE module = 'crm_contract'
           AND model IN ('crm.contract.clause.template', 'crm.contract.template',
                         'crm.contract.template.line',
                         'crm.contract.template.milestone',
                         'crm.contract.template.installment')
        """
    )
