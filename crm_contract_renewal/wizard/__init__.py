from . import crm_contract_amend
from . import crm_contract_decide_renewal
from . import crm_contract_end
from . import crm_contract_end_penalty
from . import crm_contract_reopen
from . import crm_contract_renew
from . import crm_contract_renew_clauses
from . import crm_contract_text_on
