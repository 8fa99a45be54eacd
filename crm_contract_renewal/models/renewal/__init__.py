from . import crm_contract_clause_template
from . import crm_contract_successor
from . import crm_contract_refresh
from . import crm_contract_offer
from . import crm_contract_automatic
from . import crm_contract_renewal_schedule
