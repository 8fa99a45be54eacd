from . import crm_contract_clause_template
from . import crm_contract_clause
from . import crm_contract_renewal_decision
from . import crm_contract_renewal
from . import crm_contract
from . import crm_contract_offer
from . import crm_contract_automatic
from . import crm_contract_renewal_schedule
