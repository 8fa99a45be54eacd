from . import crm_contract_event
