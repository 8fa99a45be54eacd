from . import crm_contract_type
from . import crm_contract_rung
from . import crm_contract_rung_fired
from . import crm_contract
from . import crm_contract_horizon
from . import crm_contract_reminder
from . import crm_contract_digest
from . import crm_contract_overview
