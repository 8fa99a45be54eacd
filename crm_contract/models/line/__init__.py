from . import crm_contract_line
from . import crm_contract_line_recurring
from . import crm_contract_line_text
