from . import crm_contract_end, crm_contract_sign
