from . import crm_contract_index
from . import crm_contract_adjustment_mixin
from . import crm_contract
from . import crm_contract_uplift
