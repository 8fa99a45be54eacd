from . import crm_contract_approval_report
from . import crm_contract_report
