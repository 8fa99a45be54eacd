from . import crm_contract_approval_report
