from . import crm_contract_ageing
from . import crm_contract_day
