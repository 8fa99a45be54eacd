from . import crm_contract_search
from . import crm_contract
