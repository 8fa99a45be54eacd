from . import crm_contract_end, crm_contract_sign, sale_make_invoice_advance
