from . import crm_contract_health
