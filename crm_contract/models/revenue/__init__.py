from . import res_company
from . import crm_contract_revenue_source
from . import crm_contract_revenue
from . import crm_contract_revenue_line
from . import crm_contract_revenue_entry
from . import account_move
