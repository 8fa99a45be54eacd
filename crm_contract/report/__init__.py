from . import crm_contract_ageing
