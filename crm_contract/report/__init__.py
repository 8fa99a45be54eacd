from . import crm_contract_ageing
from . import crm_contract_day
from . import crm_contract_number_gap
from . import crm_contract_report
from . import crm_contract_ledger_report
from . import crm_contract_report_quality
