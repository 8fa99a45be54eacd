from . import crm_contract_consolidated
from . import crm_contract_day
from . import crm_contract_renewal_report
from . import crm_contract_report
