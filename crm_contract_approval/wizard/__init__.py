from . import crm_contract_answer
from . import crm_contract_decide
from . import crm_contract_submit
