from . import crm_contract_decide_renewal
from . import crm_contract_renew
