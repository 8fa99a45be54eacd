from . import crm_contract_consolidated
from . import crm_contract_renewal_report
