from . import crm_contract_document
