from . import crm_contract_evaluation
from . import crm_contract_evaluation_page
